"""Restate a typed request in the grammar of the captions."""

from __future__ import annotations

from cmlearn.data.storybook.captions import article, is_grammatical
from cmlearn.data.storybook.claims import Description, Mention
from cmlearn.data.storybook.lexicon import GROUND_WORDS, RELATION_WORDS, SKY_WORDS
from cmlearn.data.storybook.parser import parse_caption
from cmlearn.data.storybook.requests import describe, explain_request
from cmlearn.data.storybook.scene import KINDS, OPPOSITE, SKY_KINDS
from cmlearn.data.storybook.second_captions import is_second_grammatical


def restate(text: str, edition: int = 1) -> str | None:
    """Restate a request in the grammar of Storybook's captions, with the same claims.

    "red house, night" becomes "a red house at night". Text-to-image models are trained on that
    grammar.

    Args:
        text: what somebody typed.
        edition: of Storybook. In the grammar of the second, a colour may be left out.

    Returns:
        The sentence, or None if the request cannot be drawn, has two things of one kind or two
        relations, or in the first edition a thing without a colour.

    Raises:
        TypeError: the text is not a string.
    """
    description = parse_caption(text)
    mentions, relations = description.mentions, description.relations
    kinds = [mention.kind for mention in mentions]
    if (
        explain_request(text) is not None
        or len(set(kinds)) < len(kinds)
        or not all(m.kind in KINDS and (m.colours or edition == 2) for m in mentions)
        or len(relations) > 1
    ):
        return None
    sentence = _related(description) if relations else _listed(description)
    accepts = is_grammatical if edition == 1 else is_second_grammatical
    return sentence if sentence and accepts(sentence) else None


def _noun(mention: Mention) -> str:
    return f"{article(describe(mention))} {describe(mention)}"


def _time(description: Description) -> str:
    return f" at {SKY_WORDS[description.skies[0]][0]}" if description.skies else ""


def _place(description: Description, flies: bool) -> str:
    if not description.grounds:
        return ""
    return f" {'over' if flies else 'on'} the {GROUND_WORDS[description.grounds[0]][0]}"


def _listed(description: Description) -> str:
    """Return "a, b and c at night", the ground with the last thing that stands."""
    mentions = description.mentions
    standing = [i for i, m in enumerate(mentions) if m.kind not in SKY_KINDS]
    at = standing[-1] if standing else len(mentions) - 1
    parts = [_noun(mention) for mention in mentions]
    parts[at] += _place(description, flies=not standing)
    text = " and ".join([", ".join(parts[:-1]), parts[-1]] if parts[1:] else parts)
    return text + _time(description)


def _related(description: Description) -> str | None:
    """Return "a left of b on the snow, with c at night", turned around if only a stands."""
    mentions, (relation,) = description.mentions, description.relations
    subject, name, other = mentions[relation.subject], relation.name, mentions[relation.object]
    if description.grounds and other.kind in SKY_KINDS:
        subject, name, other = other, OPPOSITE[name], subject
    if description.grounds and other.kind in SKY_KINDS:
        return None
    rest = [mention for mention in mentions if mention not in (subject, other)]
    third = f", with {_noun(rest[0])}" if rest else ""
    place = _place(description, flies=False)
    words = RELATION_WORDS[name][0]
    return f"{_noun(subject)} {words} {_noun(other)}{place}{third}{_time(description)}"
