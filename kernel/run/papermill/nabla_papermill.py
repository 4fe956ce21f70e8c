"""Teaches papermill to write parameters in TypeScript and to read which ones a notebook declares."""

import json
import math
import re

from papermill.engines import NBClientEngine
from papermill.exceptions import PapermillException
from papermill.models import Parameter
from papermill.translators import Translator, papermill_translators

# Names that TypeScript lets a variable have; JavaScript's reserved words are not among them.
IDENTIFIER = re.compile(r"^(?!\d)[\w$]+$")
RESERVED = frozenset(
    """break case catch class const continue debugger default delete do else enum export extends false finally for
    function if import in instanceof new null return super switch this throw true try typeof var void while with
    yield let static await""".split()
)

# const steps: number = 100; // how many
DECLARATION = re.compile(
    r"^\s*(?:export\s+)?(?:const|let|var)\s+(?P<name>[\w$]+)\s*(?::\s*(?P<type>[^=]+?)\s*)?=\s*(?P<value>.*?)\s*$"
)


class TypeScriptTranslator(Translator):
    """Values as TypeScript literals."""

    @classmethod
    def translate(cls, val):
        if isinstance(val, float) and not math.isfinite(val):
            return "NaN" if math.isnan(val) else "Infinity" if val > 0 else "-Infinity"
        if isinstance(val, (list, tuple)):
            return f"[{', '.join(cls.translate(item) for item in val)}]"
        if isinstance(val, dict):
            # As a computed key, `__proto__` is a field like others.
            keys = {key: '["__proto__"]' if key == "__proto__" else json.dumps(str(key)) for key in val}
            return "{" + ", ".join(f"{keys[key]}: {cls.translate(item)}" for key, item in val.items()) + "}"
        if val is None or isinstance(val, (bool, int, float, str)):
            return json.dumps(val)
        return json.dumps(str(val))

    @classmethod
    def comment(cls, cmt_str):
        return "\n".join(f"// {line}".rstrip() for line in str(cmt_str).split("\n"))

    @classmethod
    def assign(cls, name, str_val):
        if not IDENTIFIER.match(name) or name in RESERVED:
            raise PapermillException(f"parameter {name!r}: not a name that a TypeScript variable can have")
        return f"let {name} = {str_val};"

    @classmethod
    def inspect(cls, parameters_cell):
        parameters = []
        for line in parameters_cell["source"].split("\n"):
            code, comment = _without_comment(line)
            found = DECLARATION.match(code.rstrip().rstrip(";"))
            if found:
                kind = (found["type"] or "None").strip()
                parameters.append(Parameter(found["name"], kind, found["value"], comment))
        return parameters


def _without_comment(line):
    """Splits `code // comment`; slashes inside of a text are no comment."""
    quote = None
    at = 0
    while at < len(line):
        character = line[at]
        if quote:
            if character == "\\":
                at += 1
            elif character == quote:
                quote = None
        elif character in "'\"`":
            quote = character
        elif line.startswith("//", at):
            return line[:at], line[at + 2 :].strip()
        at += 1
    return line, ""


for language in ("typescript", "TypeScript", "nabla"):
    papermill_translators.register(language, TypeScriptTranslator)


class NablaEngine(NBClientEngine):
    """papermill's own engine under another name: only this module's import matters."""
