"""Voice files as nobody should write them, and as YAML allows them: for the laws of `fmt`."""

from __future__ import annotations

from random import Random

SCALARS = ("Anna", "'it''s'", '"a\\tb"', "no", "1_000", "~", "", "&x y", "!!str 5", "a#b", "'a  # b'", "-1", "a - b")
TEXTS = ("one", "two words", "  further in", "", "# no comment", "- no entry", "key: no key", "end ", "     ")
NAMES = (
    ("name", "description", "labels", "samples", "lifecycle", "previously", "checks", "odd", '"quoted"'),
    ("gender", "mood", "file", "lang_code", "denoise", "replace", "severity", "threshold", "odd"),
)
DEEPEST = 3


def odd_yaml(seed: int) -> str:
    """Return the text of a document: the same for the same seed. A few are none that YAML allows."""
    return _Writer(Random(seed)).document()


class _Writer:
    def __init__(self, random: Random) -> None:
        self._random = random

    def document(self) -> str:
        header = self._random.choices(
            ["# yaml-language-server: $schema=x", "# header", ""], k=self._random.randint(0, 4)
        )
        lines = [*header, *self.mapping(0, 0), *self.gap(0)]
        start, end = self.one("", "", "---\n", "--- # start\n"), self.one("", "\n", "\n\n\n", "\n   ")
        return start + self.one("\n", "\n", "\r\n").join(lines) + end

    def one(self, *options: str) -> str:
        return self._random.choice(options)

    def mapping(self, column: int, depth: int) -> list[str]:
        known = NAMES[min(depth, 1)]
        lines: list[str] = []
        for name in self._random.sample(known, self._random.randint(1, 5 - depth)):
            lines += [*(self.gap(column) if lines else []), *self.field(name, column, depth)]
        return lines

    def field(self, name: str, column: int, depth: int) -> list[str]:  # noqa: PLR0911 - a way to write it, a return
        start = " " * column + name + self.one(":", ":", " :")
        inside = column + self._random.randint(1, 5)
        end = self.one("", "", "   ", "  # at the end")
        nested = ("mapping", "mapping", "list", "list") if depth < DEEPEST else ()
        match self.one("scalar", "scalar", "below", "flow", "text", "quoted", *nested):
            case "scalar":
                return [f"{start}{self.one(' ', '   ')}{self.one(*SCALARS)}{end}"]
            case "below":
                return [f"{start}{end}", *self.gap(inside), f"{' ' * inside}{self.one(*SCALARS[:5])}{end}"]
            case "flow":
                return self.flow(start, inside, end)
            case "text":
                header = self.one("|", ">", "|-", ">-", "|+", ">+")
                return [f"{start} {header}{end}", *self.text(inside)]
            case "quoted":
                begin, finish = f"{start} 'begins", f"{' ' * inside}ends'{end}"
                return [begin, f"{' ' * inside}goes on  ", "", f"{' ' * inside}# no comment", finish]
            case "mapping":
                return [f"{start}{self.anchor()}{end}", *self.gap(inside), *self.mapping(inside, depth + 1)]
        dash = self._random.choice([column, inside])
        lines = [f"{start}{self.anchor()}{end}", *self.gap(dash)]
        for _ in range(self._random.randint(1, 3)):
            lines += [*self.entry(dash, depth), *self.gap(dash)]
        return lines

    def entry(self, column: int, depth: int) -> list[str]:
        dash, inside = " " * column + "-", column + 1 + self._random.randint(1, 4)
        spaces = " " * (inside - column - 1)
        match self.one("scalar", "mapping", "mapping", "alone", "nested"):
            case "scalar":
                return [f"{dash}{spaces}{self.one(*SCALARS)}"]
            case "nested":
                return [f"{dash}{spaces}- a", f"{' ' * inside}- b: c"]
            case "alone":
                return [dash, *self.gap(inside), *self.mapping(inside, depth + 1)]
        inner = self.mapping(inside, depth + 1)
        return [dash + inner[0][column + 1 :], *inner[1:]]

    def flow(self, start: str, inside: int, end: str) -> list[str]:
        if self._random.random() < 0.7:
            flow = self.one("{a: 1,b:  2}", "[a,  b]", "{}", "[]", "{a: [x, 'y  z'], }")
            return [f"{start} {flow}{end}"]
        space = " " * inside
        return [f"{start} {{a: x,{end}", f"{space}# inside", "", f"{space}b: 'y", f"{space}  z'}}"]

    def text(self, column: int) -> list[str]:
        lines = ["first", *self._random.choices(TEXTS, k=self._random.randint(0, 4))]
        return [" " * column + line if line else "" for line in lines]

    def anchor(self) -> str:
        return self.one("", "", "", " &anchor")

    def gap(self, column: int) -> list[str]:
        beside, further = f"{' ' * column}# beside", f"{' ' * (column + 1)}# further in"
        return self._random.choices(
            ["", beside, "# at the left", further, "   "], k=self._random.choice([0, 0, 0, 1, 2, 3])
        )
