"""Parse typed questions into programs, or say which part cannot be understood."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from difflib import get_close_matches

from cmlearn.data.storybook.edits import PARAPHRASES
from cmlearn.data.storybook.lexicon import ANY, TYPED_MEANING
from cmlearn.data.storybook.parser import words_of
from cmlearn.data.storybook.programs import (
    NUMBERS,
    Backdrop,
    CompareNumbers,
    Count,
    Exist,
    Filter,
    Program,
    Query,
    Relate,
    Same,
    Selection,
    Verify,
    VerifyBackdrop,
    VerifyNumber,
    VerifyRelation,
)
from cmlearn.data.storybook.scene import COLOURS, GROUNDS, KINDS, RELATIONS, SIZES, SKIES

MAX_LENGTH = 200  # signs of a question
SIMILARITY = 0.75  # of an unknown word to a known one, 0 to 1, from which we ask "did you mean"
SHORTEST = 3  # letters of a word that is suggested
EXAMPLES: Mapping[str, str] = {  # a word of a question -> a question that is understood
    "how many": "how many houses are there?",
    "more": "are there more houses than trees?",
    "fewer": "are there fewer houses than trees?",
    "same": "is the boat the same colour as the kite?",
    "colour": "what colour is the boat?",
    "size": "what size is the boat?",
    "left": "what is left of the tree?",
    "right": "what is right of the tree?",
    "above": "what is above the tree?",
    "below": "what is below the kite?",
    "is": "is there a red kite?",
    "": "what colour is the boat?",
}


class QuestionError(ValueError):
    """A question that cannot be understood; the message says which part, and what to ask."""


# ── words ─────────────────────────────────────────────────────────────────────────────────────

# The word that the patterns below have -> the words that it stands for; those of "" are dropped.
_WORDS: Mapping[str, tuple[str, ...]] = {
    "": ("a", "an", "the", "any", "some", "please", "to", "hand", "side", "me", "exactly", "at"),
    "is": ("are", "s", "re", "was", "were", "stands", "stand", "flies", "fly"),
    "do": ("does", "can", "could", "did"),
    "have": ("has", "contain", "contains", "show", "shows"),
    "colour": ("color", "colours", "colors", "coloured", "colored"),
    "size": ("sizes",),
    "kind": ("kinds", "type"),
    "thing": ("things", "object", "objects"),
    "anything": ("something",),  # its adjectives stand behind it
    "picture": ("image", "scene", "photo", "drawing"),
    "tell": ("name", "give", "say"),
    "below": ("beneath", "underneath"),
    "fewer": ("less",),
    "greater": ("larger",),
    **{NUMBERS[n]: (str(n),) for n in (1, 2, 3)},
}
_SAME = {word: same for same, words in _WORDS.items() for word in words}
_SCENE_WORDS = {  # those of kinds, colours and so on -> their value in a scene
    word: str(value)
    for word, (name, value) in TYPED_MEANING.items()
    if name not in ("horizontal", "count", "open")
}
_PHRASES = (  # applied in this order to the words, joined by spaces
    (r"\b(?:on )?(left|right) (?:of|from)\b", r"\1"),
    (r"\bon (left|right)\b", r"\1"),
    (r"\b(?:in|of|on) (?:this |that )?picture\b", ""),
    (r"(?<=\w )\b(?:that|which|who) is (?=(?:left|right|above|below) )", ""),
    (r"\banything ((?:(?:SIZE|COLOUR) ?)+)(?= |$)", r"\1 thing"),
    (r"\banything\b", "thing"),
    (r"((?:SIZE|COLOUR)) ones?\b", r"\1 thing"),
    (r"\bequals?\b", "same"),
    (r"\b(?:only|just) (?=(?:one|two|three) )", ""),
    (r" +", " "),
)


def normalise(question: str) -> str:
    """Reduce a question to the words that the patterns have, joined by spaces.

    Spelling, plurals, synonyms and articles make no difference: "What color are the homes?" becomes
    "what colour is house".
    """
    words = [_SCENE_WORDS.get(word, _SAME.get(word, word)) for word in words_of(question)]
    text = " ".join(word for word in words if word not in ("", ",", "."))
    for pattern, replacement in _PHRASES:
        text = re.sub(_expand(pattern), replacement, text)
    return text.strip()


def _expand(pattern: str) -> str:
    """Replace SIZE, COLOUR and so on in a pattern by their alternatives."""
    for name, values in {
        "SIZE": SIZES,
        "COLOUR": COLOURS,
        "KIND": (*KINDS, ANY),
        "SKY": SKIES,
        "GROUND": GROUNDS,
        "REL": [relation.removesuffix(" of") for relation in RELATIONS],
    }.items():
        pattern = re.sub(rf"\b{name}\b", f"(?:{'|'.join(values)})", pattern)
    return pattern


# ── patterns ──────────────────────────────────────────────────────────────────────────────────

Groups = Mapping[str, str]
_PLAIN = r"(?:(?:SIZE|COLOUR) )*KIND"
_GROUPS = {
    "A": rf"(?P<a>{_PLAIN}(?: REL {_PLAIN})?)",  # a thing, related to another or not
    "B": rf"(?P<b>{_PLAIN}(?: REL {_PLAIN})?)",
    "N": rf"(?P<a>{_PLAIN})",
    "M": rf"(?P<b>{_PLAIN})",
    "R": r"(?P<rel>REL)",
    "ATTR": r"(?P<attr>colour|size)",
    "VALUE": r"(?P<value>SIZE|COLOUR)",
    "NUMBER": r"(?P<number>one|two|three)",
    "ADJS": r"(?P<adjs>(?:SIZE|COLOUR)(?: (?:SIZE|COLOUR))?)",
}


def _query(groups: Groups) -> Program:
    return Query(groups["attr"], _selection(groups["a"]))


def _kind(groups: Groups) -> Program:
    return Query("kind", _selection(groups["a"]))


def _related(groups: Groups) -> Program:
    return Query("kind", _selection(f"{ANY} {groups['rel']} {groups['b']}"))


def _exist(groups: Groups) -> Program:
    return Exist(_selection(groups["a"]))


def _relation(groups: Groups) -> Program:
    first, second = _filter(groups["a"]), _filter(groups["b"])
    if first == Filter():  # "is anything left of the tree?"
        return Exist(Relate(first, _relation_name(groups["rel"]), second))
    return VerifyRelation(first, _relation_name(groups["rel"]), second)


def _verify(groups: Groups) -> Program:
    attribute = "colour" if groups["value"] in COLOURS else "size"
    if groups.get("attr") not in (None, attribute):
        raise QuestionError(f'"{groups["value"]}" is no {groups["attr"]}.')
    return Verify(attribute, groups["value"], _selection(groups["a"]))


def _numbers(how: str) -> Callable[[Groups], Program]:
    return lambda groups: CompareNumbers(how, _filter(groups["a"]), _filter(groups["b"]))


def _same(groups: Groups) -> Program:
    attribute = groups.get("attr", "size")
    return Same(attribute, _selection(groups["a"]), _selection(groups["b"]))


# The first pattern that fits a whole question wins.
_PATTERNS: tuple[tuple[str, Callable[[Groups], Program]], ...] = (
    (
        "how many A(?: is there| do you (?:see|count)| is| do picture have)?",
        lambda g: Count(_selection(g["a"])),
    ),
    ("how many N is R M", lambda g: Count(_selection(f"{g['a']} {g['rel']} {g['b']}"))),
    ("how many (?P<a>KIND) is ADJS", lambda g: Count(_filter(f"{g['adjs']} {g['a']}"))),
    (
        "(?:what is )?number of A(?: is what)? | there is how many A | count A",
        lambda g: Count(_selection(g["a"])),
    ),
    (
        "(?:is there|do you see|do picture have) NUMBER A",
        lambda g: VerifyNumber(g["number"], _selection(g["a"])),
    ),
    ("(?:is there|do you see) more N than M | is N more than M", _numbers("more")),
    (
        "is number of N (?:greater|more) than number of M | do picture have more N than M",
        _numbers("more"),
    ),
    ("(?:is there|do you see) fewer N than M | is N fewer than M", _numbers("fewer")),
    ("is number of N fewer than number of M | do picture have fewer N than M", _numbers("fewer")),
    ("(?:is there|do you see) as many N as M | is N as many as M", _numbers("as many")),
    (
        "is number of N same (?:as )?number of M | do number of N same number of M"
        " | do N and M have same number",
        _numbers("as many"),
    ),
    ("is there same number of N and M", _numbers("as many")),
    ("is A same ATTR as B | do A have same ATTR as B | do A and B have same ATTR", _same),
    ("is A and B same ATTR | is ATTR of A same (?:as )?ATTR of B | is ATTR of A and B same", _same),
    ("is A as (?:big|small) as B | is A and B of same ATTR", _same),
    ("(?:what|which) ATTR is A | what is ATTR of A | (?:what|which) ATTR do A have", _query),
    ("A is what ATTR | ATTR of A(?: is what)? | do you see (?:what|which) ATTR A is", _query),
    ("(?:tell|of) ATTR of A | of what ATTR is A | what is A is ATTR | tell what ATTR A is", _query),
    (
        "how (?:big|small) is A | is A (?:small or big|big or small)",
        lambda g: Query("size", _selection(g["a"])),
    ),
    ("(?:what is|what do you see|(?:what|which) thing is(?: there)?) R M | R M is what", _related),
    ("(?:what|which) is R M | what thing is there R M", _related),
    ("(?:what|which) kind of thing is A | A is what kind of thing | what is A", _kind),
    (
        "(?:what is|(?:what|which) thing is|which is) ADJS",
        lambda g: Query("kind", _filter(f"{g['adjs']} {ANY}")),
    ),
    (
        "(?:is it )?N R M | is N R M | is it true that N is R M | do you see that N is R M",
        _relation,
    ),
    ("R M is there N", _relation),
    (
        "is A VALUE | do A have ATTR VALUE | is ATTR of A VALUE | do you see that A is VALUE",
        _verify,
    ),
    ("is it true that A is VALUE", _verify),
    (
        "is there A | do you see A | do (?:picture|it) have A | is A(?: there)? | is it A"
        " | is number of A greater than zero",
        _exist,
    ),
    ("is thing ADJS | is there thing ADJS", lambda g: Exist(_filter(f"{g['adjs']} {ANY}"))),
    (
        "what time(?: of day)? is it | it is what time of day | do you see what time of day it is",
        lambda g: Backdrop("sky"),
    ),
    ("(?:what|how) is sky(?: like)?", lambda g: Backdrop("sky")),
    ("what is ground(?: like)? | ground is(?: like)? what", lambda g: Backdrop("ground")),
    (
        "is it (?P<value>SKY)(?: time)? | is sky that of (?P<value>SKY)",
        lambda g: VerifyBackdrop("sky", g["value"]),
    ),
    (
        "is ground (?P<value>GROUND) | (?:is there|do you see) (?P<value>GROUND)(?: on ground)?",
        lambda g: VerifyBackdrop("ground", g["value"]),
    ),
)


def _compile(pattern: str) -> re.Pattern[str]:
    """Compile a pattern; the second time that it has A, B or so on, it means the same words."""
    for name, group in _GROUPS.items():
        parts = re.split(rf"\b{name}\b", pattern, maxsplit=1)
        again = "(?P=" + re.findall(r"<(\w+)>", group)[0] + ")"
        pattern = group.join([*parts[:1], *(re.sub(rf"\b{name}\b", again, p) for p in parts[1:])])
    return re.compile(_expand(pattern))


_COMPILED = tuple(
    (_compile(each), build) for patterns, build in _PATTERNS for each in patterns.split(" | ")
)


def _filter(phrase: str) -> Filter:
    """Return the filter of normalised words, such as "big red house".

    Raises:
        QuestionError: the words have two colours or two sizes.
    """
    *adjectives, kind = phrase.split()
    for name, values in (("colour", COLOURS), ("size", SIZES)):
        found = list(dict.fromkeys(word for word in adjectives if word in values))
        if len(found) > 1:
            raise QuestionError(f'A {kind} has one {name}, not both "{found[0]}" and "{found[1]}".')
    colour, size = (
        next((word for word in adjectives if word in values), None) for values in (COLOURS, SIZES)
    )
    return Filter(kind, colour, size)


def _selection(phrase: str) -> Selection:
    parts = re.split(_expand(r" (REL) "), phrase)
    if len(parts) == 1:
        return _filter(phrase)
    return Relate(_filter(parts[0]), _relation_name(parts[1]), _filter(parts[2]))


def _relation_name(word: str) -> str:
    return f"{word} of" if word in ("left", "right") else word


# ── parsing ───────────────────────────────────────────────────────────────────────────────────


def parse_question(question: str) -> Program:
    """Parse a question into its program.

    Args:
        question: as somebody types it: case, articles, synonyms, "color" and a missing question
            mark make no difference.

    Raises:
        TypeError: the question is not a string.
        QuestionError: it cannot be understood; the message says which part, and why.
    """
    if not isinstance(question, str):
        raise TypeError(f"question: expected one string, got {type(question).__name__}")
    _check_signs(question)
    text = normalise(question)
    program = _match(text)
    if program is None:
        raise QuestionError(_why_not(question, text))
    return program


def _match(text: str) -> Program | None:
    for pattern, build in _COMPILED:
        found = pattern.fullmatch(text)
        if found:
            return build(found.groupdict())
    return None


def _check_signs(question: str) -> None:
    """Raise QuestionError about an empty or long question, markup and other alphabets."""
    if len(question) > MAX_LENGTH:
        raise QuestionError(f"The question has {len(question):,} signs: at most {MAX_LENGTH} fit.")
    markup = re.search(r"[<>{}\[\]\\|`=*#@$^~]", question)
    if markup:
        raise QuestionError(f'"{markup[0]}" is not understood: ask in words, without markup.')
    foreign = next((s for s in question if s.isalpha() and not _is_latin(s)), None)
    if foreign:
        raise QuestionError(f'"{foreign}" is of another alphabet: ask in English.')
    if not re.search(r"[^\W_]", question):
        raise QuestionError(f'The question is empty: ask something, such as "{EXAMPLES[""]}"')


def _is_latin(sign: str) -> bool:
    return unicodedata.name(sign, "").startswith("LATIN")


_NOT_UNDERSTOOD = (
    "not",
    "no",
    "without",
    "never",
    "isn",
    "aren",
    "doesn",
    "don",
    "nothing",
    "none",
)
_OTHERS: Mapping[str, tuple[str, ...]] = {
    "a thing is red, orange, yellow, green, blue or purple": (
        *("pink", "black", "white", "brown", "grey", "gray", "gold", "silver", "turquoise"),
    ),
    "a thing is left of, right of, above or below another": (
        *("behind", "beside", "between", "near", "next", "front", "inside", "around"),
    ),
    "ask what is left of, right of, above or below a thing": ("where",),
    'questions ask for what is there: begin with "what", "how many" or "is"': (
        *("why", "when", "whose", "because", "should", "would", "will"),
    ),
    'ask "is the boat as big as the tree?" or "is the boat big?"': (
        *("bigger", "biggest", "smaller", "smallest", "largest", "taller", "tallest"),
    ),
    'ask for exactly one, two or three, such as "are there two boats?"': (
        *NUMBERS[4:],
        *("seven", "eight", "nine", "ten", "dozen", "several", "least", "most", "few"),
    ),
}
_HINTS = (  # what a normalised question has -> what to ask instead
    (
        r"(?:KIND)\b.*\b(?:SKY|GROUND|sky|ground)\b|\b(?:on|in) (?:SKY|GROUND|sky|ground)\b",
        "Things and their surroundings are asked for one by one, such as "
        '"is there a boat?", then "is the ground sea?" or "is it night?"',
    ),
    (
        r"\bcolour\b.*\b(?:SKY|GROUND|sky|ground)\b|\b(?:SKY|GROUND|sky|ground) COLOUR\b",
        "The sky and the ground are not asked for their colour: "
        'ask "what time of day is it?" or "what is the ground?"',
    ),
    (r"\bgreater than\b", 'Sizes are small or big: ask "is the boat as big as the tree?"'),
    (
        r"\b(?:only|just)\b",
        '"Only" is understood before one, two or three, such as "is there only one boat?"',
    ),
    (r"\bzero KIND\b", 'Ask for one, two or three, or "is there a boat?"'),
)


def _why_not(question: str, text: str) -> str:
    """Say in a sentence or two which part of a question is not understood."""
    for word in words_of(question):
        if word in _NOT_UNDERSTOOD:
            return f'"{word}" is not understood: ask without a negation.'
        if word not in KNOWN and word not in ",.":
            return _unknown(word)
    for pattern, hint in _HINTS:
        if re.search(_expand(pattern), text):
            return hint
    words = text.split()
    for end in range(len(words) - 1, 1, -1):
        if _match(" ".join(words[:end])):
            rest = " ".join(words[end:])
            return f'"{rest}" is not understood after the rest of the question: leave it out.'
    example = next(example for part, example in EXAMPLES.items() if part in text)
    return f'This is not understood as a whole. Did you mean a question like "{example}"'


def _unknown(word: str) -> str:
    for sentence, words in _OTHERS.items():
        if (NUMBERS[4] if word.isdigit() else word) in words:
            end = "" if sentence.endswith('"') else "."
            return f'"{word}" is not known: {sentence}{end}'
    candidates = sorted(known for known in KNOWN if len(known) >= SHORTEST)
    near = _synonym(word) or next(iter(get_close_matches(word, candidates, 1, SIMILARITY)), None)
    if near:
        return f'"{word}" is not known: did you mean "{near}"?'
    kinds = ", ".join(f"{kind}s" for kind in KINDS[:-1])
    return f'"{word}" is not known: the things are {kinds} and {KINDS[-1]}s.'


def _synonym(word: str) -> str | None:
    for meanings in PARAPHRASES.values():
        for meaning, others in meanings.items():
            if word in others or word.removesuffix("s") in others:
                return str(meaning)
    return None


def _known_words() -> frozenset[str]:
    """Return every word that some understood question has."""
    in_patterns = re.findall(r"[a-z]+", re.sub(r"\?P<\w+>", "", " ".join(p for p, _ in _PATTERNS)))
    return frozenset({*TYPED_MEANING, *_SAME, *_WORDS, *in_patterns, *_ONLY_IN_PHRASES})


_ONLY_IN_PHRASES = ("from", "on", "in", "one", "ones", "equal", "equals", "only", "just")
KNOWN = _known_words()
