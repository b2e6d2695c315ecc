from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import arxiv


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2406.14347", "2406.14347"),
        (" 2406.14347\n", "2406.14347"),
        ("2406.14347v2", "2406.14347"),
        ("arXiv:2406.14347v12", "2406.14347"),
        ("arXiv: 2406.14347", "2406.14347"),
        ("0704.0001", "0704.0001"),
        ("hep-th/9901001", "hep-th/9901001"),
        ("hep-th/9901001v3", "hep-th/9901001"),
        ("math.GT/0309136", "math/0309136"),
        ("math/0309136", "math/0309136"),
        ("Math.gt/0309136", "math/0309136"),
        ("https://arxiv.org/abs/2406.14347", "2406.14347"),
        ("https://arxiv.org/abs/2406.14347v1", "2406.14347"),
        ("http://www.arxiv.org/abs/2406.14347/", "2406.14347"),
        ("https://export.arxiv.org/abs/2406.14347", "2406.14347"),
        ("https://arxiv.org/pdf/2406.14347", "2406.14347"),
        ("https://arxiv.org/pdf/2406.14347v2.pdf", "2406.14347"),
        ("https://arxiv.org/html/2406.14347v1", "2406.14347"),
        ("https://arxiv.org/abs/2406.14347?context=cs#top", "2406.14347"),
        ("https://arxiv.org/abs/hep-th/9901001", "hep-th/9901001"),
        ("https://arxiv.org/pdf/math.GT/0309136v1", "math/0309136"),
        ("HTTPS://ArXiv.org/abs/2406.14347", "2406.14347"),
        ("https://huggingface.co/papers/2406.14347", "2406.14347"),
        ("https://hf.co/papers/2406.14347", "2406.14347"),
        ("https://www.alphaxiv.org/abs/2406.14347", "2406.14347"),
        ("https://alphaxiv.org/abs/2406.14347v1", "2406.14347"),
        ("https://www.alphaxiv.org/ko/overview/2406.14347v1", "2406.14347"),
        ("arxiv.org/abs/2406.14347", "2406.14347"),
        ("<https://arxiv.org/abs/2406.14347>", "2406.14347"),
        ("[τ-bench](https://arxiv.org/abs/2406.14347)", "2406.14347"),
        ("arXiv:2406.14347v2 [cs.CL] 20 Jun 2024", "2406.14347"),
        ("[2406.14347] τ-bench: A Benchmark", "2406.14347"),
        ("https://doi.org/10.48550/arXiv.2406.14347", "2406.14347"),
        ("https://arxiv.org/html/2406.14347v1/extracted/5683/figure.png", "2406.14347"),
    ],
)
def test_what_people_type(text: str, expected: str) -> None:
    assert arxiv.id_of_text(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "words",
        "2406",
        "2406.143",
        "2406.143470",
        "24061.4347",
        "2406.14347 and more",
        "2406.14347v",
        "２４０６.14347",
        "hep-th/99",
        "hep-\u017fh/9901001",
        "https://arxiv.org",
        "https://arxiv.org/abs/",
        "arxiv.org/abs/2406.14347 arxiv.org/abs/2406.14348",
        "https://arxiv.org/list/cs/2406",
        "https://arxiv.org/abs/../2406.14347",
        "https://example.org/abs/2406.14347",
    ],
)
def test_what_is_no_id(text: str) -> None:
    assert arxiv.id_of_text(text) is None


@pytest.mark.parametrize(
    "address",
    [
        "https://arxiv.org.evil.com/abs/2401.00001",
        "https://evil-arxiv.org/abs/2401.00001",
        "https://evilarxiv.org/abs/2401.00001",
        "https://arxiv.org@evil.com/abs/2401.00001",
        "https://arxiv.org:x@evil.com/abs/2401.00001",
        "https://arxiv.org%2eevil.com/abs/2401.00001",
        "https://arxiv.org\\@evil.com/abs/2401.00001",
        "https://evil.com/https://arxiv.org/abs/2401.00001",
        "https://evil.com#@arxiv.org/abs/2401.00001",
        "https://evil.com?https://arxiv.org/abs/2401.00001",
        "https://аrxiv.org/abs/2401.00001",
        "https://arxiv.org./abs/2401.00001",
        "javascript://arxiv.org/abs/2401.00001",
        "ftp://arxiv.org/abs/2401.00001",
        "//arxiv.org/abs/2401.00001",
        "arxiv.org/abs/2401.00001",
        "https://[arxiv.org/abs/2401.00001",
        "https:arxiv.org/abs/2401.00001",
        "https://huggingface.co/papers/2401.00001",
        "https://arxiv.org/abs/hep-\u017fh/9901001",
        "https://arxiv.org/abs/2401.0000१",
    ],
)
def test_addresses_elsewhere(address: str) -> None:
    assert arxiv.id_of_address(address) is None


def test_userinfo_on_arxiv_itself_is_left_behind() -> None:
    found = arxiv.id_of_address("https://evil.com@arxiv.org/abs/2401.00001")
    assert found in (None, "2401.00001")


@pytest.mark.parametrize("arxiv_id", ["2406.14347", "0704.0001", "hep-th/9901001", "math/0309136"])
def test_addresses_lead_back(arxiv_id: str) -> None:
    assert arxiv.id_of_address(arxiv.abstract_address(arxiv_id)) == arxiv_id
    assert arxiv.id_of_address(arxiv.pdf_address(arxiv_id)) == arxiv_id
    assert arxiv.id_of_text(arxiv.hugging_face_address(arxiv_id)) == arxiv_id


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "see https://arxiv.org/abs/2406.14347v2, or <https://arxiv.org/pdf/2406.14348v1.pdf>.",
            "2406.14347 2406.14348",
        ),
        (
            "[a](https://arxiv.org/abs/2406.14347)[b](http://export.arxiv.org/html/2406.14348#S1)",
            "2406.14347 2406.14348",
        ),
        ("https://huggingface.co/papers/2406.14347#comments", "2406.14347"),
        ("||hf.co/papers/2406.14347||", "2406.14347"),
        ("**https://www.alphaxiv.org/overview/2406.14347v1**", "2406.14347"),
        ("[2406.14347v2] [hep-th/9901001] [2406.143470] [2406.14348, 3] [21.2406]", "2406.14347 hep-th/9901001"),
        ("[2024.12345] [2024.1015] [2400.12345v2] [2413.12345], but [2412.12345]", "2412.12345"),
        ("alphaxiv.org/ko/abs/2406.14347 alphaxiv.org/audio/2406.14348", "2406.14347 2406.14348"),
        ("https://ar5iv.labs.arxiv.org/html/2406.14347 ar5iv.org/abs/2406.14348", "2406.14347 2406.14348"),
        ("arxiv.org/abs/math.GT/0309136?x=1 twice: arXiv:math/0309136", "math/0309136"),
        (
            "arXiv:2406.14347 arXiv: 2406.14348v3 [cs.CL] arxiv 2406.14349, arXiv.2406.14350",
            "2406.14347 2406.14348 2406.14349 2406.14350",
        ),
        ("논문은 arXiv:2406.14347입니다", "2406.14347"),
        ("https://arxiv.org/abs/2406.143470 2406.14347 v2406.14347 9901001 hep-th/9901001 1.2406.14347", ""),
        ("https://example.org/abs/2406.14347 https://arxiv.org.evil.com/abs/2406.14347 myarxiv.org/abs/2406.14347", ""),
        ("https://arxiv.org/list/2406.14347 https://huggingface.co/datasets/2406.14347 myarXiv:2406.14347", ""),
        ("https://evil.com@arxiv.org.example/abs/2406.14347 arxiv.org@evil.com/abs/2406.14347", ""),
    ],
)
def test_what_a_text_names(text: str, expected: str) -> None:
    assert arxiv.ids_in(text) == expected.split()


NUMBERS = st.from_regex(r"[0-9]{4}\.[0-9]{4,5}|[a-z]{2}-[a-z]{2,3}/[0-9]{7}", fullmatch=True)
NAMES = ("https://arxiv.org/abs/{}v2", "http://www.arxiv.org/pdf/{}.pdf", "hf.co/papers/{}", "ARXIV:{}", "arXiv: {}v1")
# What may stand around them in a message.
AROUND = st.text(alphabet=st.characters(blacklist_characters="0123456789.:/")).map(lambda text: f" {text} ")


@given(st.lists(st.tuples(AROUND, st.sampled_from(NAMES), NUMBERS)), AROUND)
def test_what_was_put_into_a_text_is_found(found: list[tuple[str, str, str]], last: str) -> None:
    text = "".join(before + name.format(number) for before, name, number in found) + last
    assert arxiv.ids_in(text) == list(dict.fromkeys(number for _, _, number in found))


@given(st.text() | st.text(alphabet="https:/arxiv.og@bd0123456789[]v ("))
def test_any_text_names_what_may_be_looked_up(text: str) -> None:
    for found in arxiv.ids_in(text):
        assert arxiv.id_of_text(found) == found


@given(st.text() | st.text(alphabet="https:/arxiv.og@bd0123456789[]v").map("https://arxiv.org/".__add__))
def test_any_text(text: str) -> None:
    for found in (arxiv.id_of_text(text), arxiv.id_of_address(text)):
        if found is not None:
            assert found.isascii()
            assert arxiv.id_of_text(found) == found
