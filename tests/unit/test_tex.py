"""TeX in titles and abstracts, as a reader sees it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import tex
from bot.markdown import plain
from tests.unit import real


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (r"$\nabla^2$DFT: A Dataset", "∇²DFT: A Dataset"),
        ("$τ$-bench", "τ-bench"),
        (r"$\tau$-bench", "τ-bench"),
        (r"$\alpha$ and $\beta$", "α and β"),
        (r"$\mathbf{x}_1$", "x₁"),
        ("$f$-divergence", "f-divergence"),
        ("no mathematics", "no mathematics"),
        (r"$\mathcal{O}(n^2)$ to $O(n\log n)$", "𝒪(n²) to O(n log n)"),
        (r"$\left(1+\frac{a+b}{2}\right)$", "(1+(a+b)/2)"),
        (r"$\tilde{O}(\sqrt{dT})$, $\ell_2$", "Õ(√dT), ℓ₂"),
        (r"$\pi_{0.5}$ and $\mathcal{L}_{\text{CE}}$", "π_0.5 and ℒ_CE"),
        (r"$e^{-x/2}$, $10^{-3}$, $x^*$", "e^(-x/2), 10⁻³, x^*"),
        (r"$\sum_{i=1}^n x_i$", "∑ᵢ₌₁ⁿ xᵢ"),
        (r"10$\times$ faster, $\sim$100 of $>$90\% at 360$^\circ$", "10× faster, ∼100 of >90% at 360°"),
        (r"$\mathcal{D}=\{x_i\}$, up to $50%$", "𝒟={xᵢ}, up to 50%"),
        (r"$\OurMethod$-3", "OurMethod-3"),
        (r"\textbf{Bold}, \emph{new}, ``quoted''", "Bold, new, “quoted”"),
        (r"at \url{https://example.org/a_b}, \href{https://example.org}{here}",
         "at https://example.org/a_b, here (https://example.org)"),
        (r"50\% of R\&D for \$5", "50% of R&D for $5"),
        (r"$\$0.03$ each, $\$$10, below $20\$$", "$0.03 each, $10, below 20$"),
        (r"costs $10M and a 5$\times$ speedup", "costs $10M and a 5× speedup"),
        (r"from $3 to $1, a 3$\times$ saving", "from $3 to $1, a 3× saving"),
        (r"saves $3M (vs. $10M) and is 5$\times$ faster", "saves $3M (vs. $10M) and is 5× faster"),
        (r"비용은 $10에서 3$\times$ 줄었다", "비용은 $10에서 3× 줄었다"),
        (r"$2 x + 1$, $3$개, $1 \text{ or } 2$", "2 x + 1, 3개, 1 or 2"),
        (r"$\begin$", r"\begin"),
    ],
)  # fmt: skip
def test_a_reader_sees_no_tex(written: str, shown: str) -> None:
    assert tex.to_unicode(written) == shown
    # In an abstract it is the same: dollars are read before Markdown.
    assert plain(written) == shown


@pytest.mark.parametrize(
    "written",
    [
        "$200k",
        "from $5 to $10",
        "$5 and $10",
        "$10M-$20M, $0.5/$1.5",
        "Earn $1 Million from Real-World Freelance Work",
        "$ 5 $",
        "$",
        "$$",
        "a $\nb$",
        "US$5, US$6",
        "`$HOME` and `$PATH`",
    ],
)
def test_money_is_untouched(written: str) -> None:
    assert tex.to_unicode(written) == written


@pytest.mark.parametrize("written", [r"\frac{" * 13, r"\sqrt[" * 13, r"\hat{" * 19 + "x" + "}" * 19])
def test_what_is_nested_deeply_takes_no_longer(written: str) -> None:
    """Each level took twice the time of the one before."""
    tex.mathematics("x")
    begun = time.process_time()
    assert tex.mathematics(written) == written
    assert time.process_time() - begun < 0.1


COMMANDS = r"\frac \sqrt \text \left \begin{a} \end{a} \begin \verb \href \input{/etc/passwd} \item \hat \not \\ \cite"
MARKS = r"\foo \newcommand \sum ^ _ { } % & # ~ | $"
soup = st.lists(st.sampled_from(f"{COMMANDS} {MARKS}".split()) | st.text(alphabet="$\\{}^_ab12 α∇가", max_size=5))


@given(soup.map("".join))
def test_nothing_raises_and_nothing_is_read(text: str) -> None:
    for shown in (tex.to_unicode(text), plain(text), tex.mathematics(text)):
        assert "root:" not in shown


@real.needed
def test_no_real_title_keeps_its_tex() -> None:
    for entry in real.every_entry():
        shown = tex.to_unicode(entry.paper.title)
        assert "\\" not in shown
        assert "$" not in shown or "$1 Million" in shown
