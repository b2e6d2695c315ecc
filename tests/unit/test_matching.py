from __future__ import annotations

from bot import query
from bot.matching import match
from storage.models import Entry, Follows, Section, Subscriber, Subscription
from tests.unit import real


def follow(
    number: int,
    text: str,
    kind: Follows = Follows.KEYWORD,
    subscriber: Subscriber = Subscriber.USER,
    subscriber_id: int = 1,
) -> Subscription:
    return Subscription(number, subscriber, subscriber_id, kind, text, text.casefold(), "en")


def found(entries: list[Entry], *follows: Subscription) -> dict[tuple[Subscriber, int], list[tuple[str, list[int]]]]:
    return {
        target: [(hit.entry.paper.arxiv_id, [one.id for one in hit.subscriptions]) for hit in hits]
        for target, hits in match(entries, follows).items()
    }


DIFFUSION = real.made_up("Video Diffusion", authors=("Kaiming He", "Ann Lee"), arxiv_id="2401.00001")
REASONING = real.made_up(
    "On Thought", authors=("Guédon, Antoine",), sections=(Section(None, "모델의 추론을 돕는다"),), arxiv_id="2401.00002"
)
BOTH = [DIFFUSION, REASONING]
READER = (Subscriber.USER, 1)


def test_keywords() -> None:
    assert found(BOTH, follow(1, "diffusion"), follow(2, "추론"), follow(3, "audio")) == {
        READER: [("2401.00001", [1]), ("2401.00002", [2])]
    }


def test_a_paper_is_told_once_with_all_its_reasons() -> None:
    follows = (follow(1, "video"), follow(2, '"video diffusion"'), follow(3, "Kaiming He", Follows.AUTHOR))
    assert found([DIFFUSION], *follows) == {READER: [("2401.00001", [1, 2, 3])]}


def test_excluded_words() -> None:
    assert found(BOTH, follow(1, "diffusion -video"), follow(2, "thought -audio")) == {READER: [("2401.00002", [2])]}


def test_authors_in_any_order_without_accents() -> None:
    names = ("Antoine Guedon", "he kaiming", "KAIMING", "guédon")
    for number, name in enumerate(names):
        assert found(BOTH, follow(number, name, Follows.AUTHOR))


def test_a_name_does_not_reach_from_one_author_to_the_next() -> None:
    assert found(BOTH, follow(1, "Kaiming Lee", Follows.AUTHOR)) == {}
    assert found(BOTH, follow(1, "Kai", Follows.AUTHOR)) == {}


def test_an_author_is_no_word_of_a_summary() -> None:
    named = real.made_up("After Kaiming He", sections=(Section(None, "Kaiming He"),))
    assert found([named], follow(1, "Kaiming He", Follows.AUTHOR)) == {}
    assert found([named], follow(1, "Kaiming He")) == {READER: [("2401.00001", [1])]}


def test_people_and_channels_of_one_id_are_apart() -> None:
    follows = (
        follow(1, "video"),
        follow(2, "video", subscriber=Subscriber.CHANNEL),
        follow(3, "video", subscriber_id=2),
    )
    assert found(BOTH, *follows) == {
        READER: [("2401.00001", [1])],
        (Subscriber.CHANNEL, 1): [("2401.00001", [2])],
        (Subscriber.USER, 2): [("2401.00001", [3])],
    }


def test_in_the_order_of_the_entries() -> None:
    assert found(BOTH[::-1], follow(1, "diffusion"), follow(2, "thought")) == {
        READER: [("2401.00002", [2]), ("2401.00001", [1])]
    }


def test_what_an_earlier_version_kept_finds_nothing_and_stops_nobody() -> None:
    follows = (
        follow(1, "-only"),
        follow(2, "x" * 200),
        follow(3, ""),
        follow(4, "+", Follows.AUTHOR),
        follow(5, "video"),
    )
    assert found(BOTH, *follows) == {READER: [("2401.00001", [5])]}


def test_nothing_new_or_nobody_there() -> None:
    assert found([], follow(1, "video")) == {}
    assert found(BOTH) == {}


@real.needed
def test_a_subscription_means_what_a_search_means() -> None:
    entries = real.every_entry()
    for text in (
        "diffusion",
        "추론",
        '"language model"',
        "video -diffusion",
        "tau-bench",
        "gpt4o",
        "nabla dft",
        "벤치마크 LLM",
    ):
        understood = query.parse(text)
        searched = [
            entry.paper.arxiv_id for entry in entries if understood.matches(query.document(entry.paper, entry.sections))
        ]
        assert searched
        assert [told for told, _ in found(entries, follow(1, text))[READER]] == searched


@real.needed
def test_every_real_author_can_be_followed() -> None:
    for entry in real.entries("2024/06/21.md"):
        for name in entry.paper.authors:
            assert found([entry], follow(1, name, Follows.AUTHOR)) == {READER: [(entry.paper.arxiv_id, [1])]}
