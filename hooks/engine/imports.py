"""Which file, and which name in it, a name stands for: relative and repository imports of Python and JavaScript.

Read by regular expressions, for an import is one flat statement in both languages; what is not found is not guessed.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from typing import NamedTuple

_MAX_HOPS = 4  # re-exports through __init__.py and index.ts

_PY_FROM = re.compile(r'^[ \t]*from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]+(\([^)]*\)|[^\n#]+)', re.M)
_PY_IMPORT = re.compile(r'^[ \t]*import[ \t]+([\w.]+)(?:[ \t]+as[ \t]+(\w+))?', re.M)
_JS_IMPORT = re.compile(r'\bimport\s+(?:type\s+)?([\w$]+)?\s*,?\s*(?:\{([^}]*)\}|\*\s*as\s+([\w$]+))?\s*from\s*["\']([^"\']+)["\']')
_JS_REQUIRE = re.compile(r'\b(?:const|let|var)\s+(?:([\w$]+)|\{([^}]*)\})\s*=\s*require\(\s*["\']([^"\']+)["\']\s*\)(?:\.([\w$]+))?')
_JS_INSTANCE = re.compile(r'\b(?:const|let|var)\s+([\w$]+)\s*=\s*new\s+([\w$]+)\s*\(')
_JS_REEXPORT = re.compile(r'\bexport\s+(?:\{([^}]*)\}|\*)\s*from\s*["\']([^"\']+)["\']')
_JS_ENDINGS = ('.ts', '.tsx', '.js', '.jsx', '.mts', '.mjs', '.cts', '.cjs')


class Definition(NamedTuple):
    """A file, and the name that stands there; None when the file as a whole is meant (a module, a default export)."""

    path: str
    name: str | None


class Imports:
    """Names followed to files. `exists` and `read` take paths from the root of the repository."""

    def __init__(self, exists: Callable[[str], bool], read: Callable[[str], str]) -> None:
        self._exists = exists
        self._read = read
        self._tables: dict[str, dict[str, Definition]] = {}

    def resolve(self, path: str, dotted: str) -> Definition:
        """Where `name` or `module.name`, as used in a file, is defined; the file itself when it is not imported."""
        name, *rest = dotted.split('.')
        if name in ('this', 'self'):
            return Definition(path, rest[0] if rest else None)
        found = self._table(path).get(name)
        if found is None:
            return Definition(path, rest[-1] if rest and not self._defines(path, name) else name)
        for part in rest:
            found = Definition(found.path, part)
        for _ in range(_MAX_HOPS):
            if found.name is None:
                break
            onward = self._table(found.path).get(found.name)
            if onward is None:
                break
            found = onward
        return found

    def _defines(self, path: str, name: str) -> bool:
        return (
            re.search(
                rf'\b(?:const|let|var|class|function|def)\s+{re.escape(name)}\b|^{re.escape(name)}\s*[:=]',
                self._read(path),
                re.M,
            )
            is not None
        )

    def _table(self, path: str) -> dict[str, Definition]:
        if path not in self._tables:
            self._tables[path] = {}
            text = self._read(path)
            self._tables[path] = self._python(path, text) if path.endswith(('.py', '.pyi')) else self._javascript(path, text)
        return self._tables[path]

    def _python(self, path: str, text: str) -> dict[str, Definition]:
        table: dict[str, Definition] = {}
        for match in _PY_FROM.finditer(text):
            module = match[1]
            for item in match[2].strip('()').replace('\n', ',').split(','):
                parts = item.split('#')[0].split()
                if not parts:
                    continue
                name, local = parts[0], parts[-1]
                inner = self._module(path, f'{module}.{name}' if not module.endswith('.') else module + name)
                if inner:
                    table[local] = Definition(inner, None)
                    continue
                outer = self._module(path, module)
                if outer and outer != path:
                    table[local] = Definition(outer, name)
        for match in _PY_IMPORT.finditer(text):
            found = self._module(path, match[1])
            if found and (match[2] or '.' not in match[1]):
                table[match[2] or match[1]] = Definition(found, None)
        return table

    def _module(self, path: str, dotted: str) -> str | None:
        folder = posixpath.dirname(path)
        dots = len(dotted) - len(dotted.lstrip('.'))
        parts = dotted.lstrip('.').replace('.', '/')
        if dots:
            for _ in range(dots - 1):
                folder = posixpath.dirname(folder)
            starts = [folder]
        else:
            starts = [folder]
            while folder:
                folder = posixpath.dirname(folder)
                starts.append(folder)
        for start in starts:
            base = posixpath.join(start, parts) if parts else start
            for found in (f'{base}.py', posixpath.join(base, '__init__.py')):
                if self._exists(found):
                    return found
        return None

    def _javascript(self, path: str, text: str) -> dict[str, Definition]:
        table: dict[str, Definition] = {}

        def named(items: str | None, target: str) -> None:
            for item in (items or '').split(','):
                parts = re.sub(r'\btype\s+', '', item).replace(':', ' as ').split()
                if parts:
                    table[parts[-1]] = Definition(target, None if parts[0] == 'default' else parts[0])

        for match in _JS_IMPORT.finditer(text):
            target = self._script(path, match[4])
            if target:
                for whole in (match[1], match[3]):
                    if whole:
                        table[whole] = Definition(target, None)
                named(match[2], target)
        for match in _JS_REQUIRE.finditer(text):
            target = self._script(path, match[3])
            if target:
                if match[1]:
                    table[match[1]] = Definition(target, match[4])
                named(match[2], target)
        for match in _JS_INSTANCE.finditer(text):  # a method of an instance stands where its class does
            if match[2] in table:
                table.setdefault(match[1], Definition(table[match[2]].path, None))
        for match in _JS_REEXPORT.finditer(text):
            target = self._script(path, match[2])
            if target:
                named(match[1], target)
        return table

    def _script(self, path: str, module: str) -> str | None:
        folder = posixpath.dirname(path)
        if module.startswith('.'):
            bases = [posixpath.normpath(posixpath.join(folder, module))]
        elif module.startswith(('@/', '~/', 'src/', '#')):
            rest = module.lstrip('@~#/') if not module.startswith('src/') else module
            bases = []
            while True:
                bases += [posixpath.join(folder, rest), posixpath.join(folder, 'src', rest)]
                if not folder:
                    break
                folder = posixpath.dirname(folder)
        else:
            return None
        for base in bases:
            if self._exists(base) and base.endswith(_JS_ENDINGS):
                return base
            stem = re.sub(r'\.[mc]?jsx?$', '', base)
            for start in (base, stem, posixpath.join(base, 'index')):
                for ending in _JS_ENDINGS:
                    if self._exists(start + ending):
                        return start + ending
        return None
