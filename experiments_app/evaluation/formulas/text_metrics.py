"""How alike an answer and the expected texts are, and whether they are the same but for their looks."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Chinese and Japanese are written without spaces: each of their signs counts as a word.
_SIGNS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_SIGNS}]|[^\W{_SIGNS}]+")
_ARTICLE = re.compile(r"\b(?:a|an|the)\b")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
# All but words, spaces, a decimal point and a sign before a number.
_PUNCTUATION = re.compile(r"(?!(?<=\d)\.(?=\d)|(?<!\w)-(?=\d))[^\w\s]|_")


def rouge_l(candidate: str, reference: str) -> float:
    """Return the F1 of the longest common subsequence of lower-cased words, 0..1; 0.0 when either has no word.

    Punctuation is no word. Source: Lin, ROUGE: A Package for Automatic Evaluation of Summaries, ACL workshop Text
    Summarization Branches Out, 2004, with beta = 1 and no stemming.
    """
    from rapidfuzz.distance import LCSseq

    found, wanted = _WORD.findall(candidate.lower()), _WORD.findall(reference.lower())
    # F1 of LCS/found and LCS/wanted, written out.
    return 2 * LCSseq.similarity(found, wanted) / (len(found) + len(wanted)) if found and wanted else 0.0


def edit_similarity(a: str, b: str) -> float:
    """Return 1 - Levenshtein distance / length of the longer text, 0..1; two empty texts are equal: 1.0.

    Source: Levenshtein, Binary codes capable of correcting deletions, insertions and reversals, 1966.
    """
    from rapidfuzz.distance import Levenshtein

    return 1.0 - _normalised_distance(Levenshtein.distance(a, b), a, b)


def anls(answer: str, golds: str | Sequence[str], threshold: float = 0.5) -> float:
    """Return the answer's normalised Levenshtein similarity to the gold answer that is nearest, 0..1.

    Case and spaces do not matter. From a normalised distance of `threshold` on an answer counts as wrong: 0.0. The
    mean over a suite is the ANLS. Source: Biten et al., Scene Text Visual Question Answering, ICCV 2019, with the text
    cleaning of DocVQA (Mathew et al., WACV 2021). ValueError: no gold answer.
    """
    return max(_levenshtein_score(_plain(answer), _plain(gold), threshold) for gold in _listed(golds))


def normalised_answer(text: str) -> str:
    """Return the text in lower case without articles, punctuation and spare spaces; numbers keep point and sign.

    Source: the answer processing of VQA (Antol et al., Visual Question Answering, ICCV 2015). An answer that is nothing
    but an article or punctuation, such as the choice "A", stays.
    """
    plain = _plain(text)
    words = _plain(_PUNCTUATION.sub(" ", _THOUSANDS.sub("", plain))) or plain
    return _plain(_ARTICLE.sub(" ", words)) or words


def _levenshtein_score(answer: str, gold: str, threshold: float) -> float:
    from rapidfuzz.distance import Levenshtein

    distance = _normalised_distance(Levenshtein.distance(answer, gold), answer, gold)
    return 1.0 - distance if distance < threshold else 0.0


def _normalised_distance(distance: int, a: str, b: str) -> float:
    return distance / (max(len(a), len(b)) or 1)


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


def _listed(golds: str | Sequence[str]) -> Sequence[str]:
    if not golds and golds != "":
        raise ValueError("There is no gold answer.")
    return [golds] if isinstance(golds, str) else golds
