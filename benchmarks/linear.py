"""Whether each rule takes twice the time for twice the text: every rule alone on generated worst cases, at one size and at twice that size.

usage: python benchmarks/linear.py [--rule ID ...] [--gap NAME] [--all]     exit 1 when a rule grows faster than linear
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from sixgaps.engine.rules import Document, documents, joined
from sixgaps.engine.scan import binary, configure
from sixgaps.six_gaps import GAPS

SIZE = 1500  # repetitions in the smaller of the two files
DEPTH = 250  # of nesting in the smaller one; asking a node for its parent costs ast-grep the depth, so depth stays what people write
MOST = 2.6  # twice the text, and noise
TOGETHER = 16  # rules in one run of the screening
FLOOR = 0.8  # seconds: below this nobody notices, and asking for a parent costs a little more in a larger file whatever the rule


def _depth(n: int) -> int:
    return n * DEPTH // SIZE


def _nested(opening: str, inner: str, closing: str, indent: str = '') -> Callable[[int], str]:
    def make(n: int) -> str:
        depth = _depth(n)
        head = '\n'.join(indent * i + opening for i in range(depth))
        tail = '\n'.join(indent * i + closing for i in reversed(range(depth))) if closing else ''
        return f'{head}\n{indent * depth}{inner}\n{tail}\n'

    return make


def _repeated(line: str, head: str = '', tail: str = '', between: str = '\n') -> Callable[[int], str]:
    return lambda n: head + between.join(line.replace('@', str(i)) for i in range(n)) + tail


CASES: dict[str, dict[str, Callable[[int], str]]] = {
    'python': {
        'a dict literal': _repeated('    "key@": {"email": "a@x.com", "limit": @, "password": "p@"},', 'DATA = {\n', '\n}\n'),
        'an array of strings': _repeated('"select @"', 'DATA = [', ']\n', ', '),
        'a long argument list': _repeated('name@=request.form["f@"]', 'User.create(', ')\n', ', '),
        'handlers': _repeated(
            '@app.post("/orders/{order_id}/@")\nasync def update_order@(order_id: int, data: dict, db=Depends(get_db)):\n'
            '    order = db.get(Order, order_id)\n    order.total = data["total"]\n    db.commit()\n    return order\n'
        ),
        'one huge handler': _repeated(
            '    value@ = request.form["f@"]\n    cursor.execute("select @ where a = " + value@)',
            '@app.route("/x", methods=["POST"])\ndef handler():\n',
            '\n',
        ),
        'flows in one huge handler': _repeated(
            '    name@ = request.form["f@"]\n    path@ = os.path.join(BASE, name@)\n    open(path@)\n'
            '    cmd@ = f"ping {name@}"\n    os.system(cmd@)\n    requests.get(name@)',
            '@app.route("/x", methods=["POST"])\ndef handler():\n',
            '\n',
        ),
        'one huge class': _repeated('    field@: str = Field("")', 'class OrderCreate(BaseModel):\n', '\n'),
        'clauses': _repeated('    try:\n        requests.get(url@)\n    except Exception as e:\n        pass', 'def f():\n', '\n'),
        'nesting': _nested('if request.form["a"]:', 'db.execute("x" + a)', '', '    '),
        'nested calls': lambda n: 'x = ' + 'f(' * _depth(n) + '1' + ')' * _depth(n) + '\n',
        'a chain': lambda n: 'q = db' + ''.join(f'.filter(a == {i})' for i in range(_depth(n))) + '\n',
        'a long sum': lambda n: 'sql = ' + ' + '.join(f'"select " + name{i}' for i in range(_depth(n) // 2)) + '\n',
    },
    'tsx': {
        'an object literal': _repeated('  key@: { email: "a@x.com", limit: @, password: "p@" },', 'const data = {\n', '\n};\n'),
        'an array of strings': _repeated('"select @"', 'const data = [', '];\n', ', '),
        'a long argument list': _repeated('req.body.f@', 'create(', ');\n', ', '),
        'handlers': _repeated(
            "app.post('/orders/:id/@', async (req, res) => {\n  const order = await Order.findById(req.params.id);\n"
            '  order.total = req.body.total;\n  await order.save();\n  res.json(order);\n});'
        ),
        'one huge handler': _repeated(
            '  const v@ = req.body.f@;\n  await db.query(`select @ where a = ${v@}`);',
            "app.post('/x', async (req, res) => {\n",
            '\n});\n',
        ),
        'flows in one huge handler': _repeated(
            '  const name@ = req.body.f@;\n  const path@ = path.join(BASE, name@);\n  fs.readFile(path@);\n'
            '  const cmd@ = `ping ${name@}`;\n  exec(cmd@);\n  await fetch(name@);',
            "app.post('/x', async (req, res) => {\n",
            '\n});\n',
        ),
        'one huge schema': _repeated('  field@: z.string(),', 'const schema = z.object({\n', '\n});\n'),
        'a huge destructuring': _repeated('f@', "app.post('/x', (req, res) => { const {", '} = req.body; });\n', ', '),
        'nested callbacks': _nested('load(x, async (req, res) => {', 'db.query("x" + req.body.a);', '});'),
        'nested blocks': _nested('if (req.body.a) {', 'db.query("x" + req.body.a);', '}'),
        'a chain': lambda n: 'app' + ''.join(f".use('/a{i}', auth, routes{i})" for i in range(_depth(n))) + ';\n',
        'clauses': _repeated('  try { await fetch(url@); } catch (e) {}', 'async function f() {\n', '\n}\n'),
        'a class': _repeated(
            "  @Post('/a@')\n  async create@(@Body() body: any) { return this.orders.save(body); }", '@Controller()\nclass A {\n', '\n}\n'
        ),
        'elements': _repeated('<a href={url@} onClick={() => go(@)}>{name@}</a>', 'const page = <div>', '</div>;\n'),
        'a long sum': lambda n: 'const sql = ' + ' + '.join(f'"select " + name{i}' for i in range(_depth(n) // 2)) + ';\n',
    },
    'yaml': {
        'keys': _repeated('key@: value'),
        'steps': _repeated(
            '      - uses: actions/checkout@v4\n      - run: npm test @', 'on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n', '\n'
        ),
        'services': _repeated('  s@:\n    image: redis:latest\n    ports:\n      - "6379:6379"', 'services:\n', '\n'),
        'nesting': _nested('a:', 'b: 1', '', '  '),
    },
    'bash': {
        'instructions': _repeated('RUN apt-get update && pip install flask@', 'FROM python:latest\n', '\n'),
        'a chain': _repeated('echo $PASSWORD@', '', '\n', ' && '),
        'commands': _repeated('curl https://x/@ | sh\nssh root@host "git pull"'),
    },
    'hcl': {'resources': _repeated('resource "aws_db_instance" "d@" {\n  password = "p@"\n  skip_final_snapshot = true\n}')},
    'json': {'pairs': _repeated('"key@": "value@"', '{"scripts": {', '}}\n', ',\n')},
}
NAMES = {'python': 'a.py', 'tsx': 'a.ts', 'yaml': 'docker-compose.yml', 'bash': 'Dockerfile', 'hcl': 'a.tf', 'json': 'package.json'}


def _seconds(work: Path, path: Path) -> float:
    # Processor time, not wall clock: the machine may be doing something else.
    command = (binary(), 'scan', '-c', str(work / 'sgconfig.yml'), '-r', str(work / 'rules.yml'), '--json=stream', '--', path.name)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=path.parent, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime


def _files(root: Path, language: str) -> list[tuple[str, Path, Path]]:
    made = []
    for number, (case, make) in enumerate(CASES[language].items()):
        pair = []
        for factor in (1, 2):
            path = root / language / f'{number}x{factor}' / NAMES[language]
            path.parent.mkdir(parents=True)
            path.write_text(make(SIZE * factor))
            pair.append(path)
        made.append((case, pair[0], pair[1]))
    return made


def _suspects(rules: list[Document], path: Path) -> list[Document]:
    """The rules that are not shown to be quick on a large file: many in one run, and that run halved until it is quick.

    Rules that together stay under the floor are each under it, so nothing that the single runs would find is passed over.
    """
    with tempfile.TemporaryDirectory() as folder:
        configure(Path(folder), joined(rules))
        quick = _seconds(Path(folder), path) <= FLOOR
    if quick:
        return []
    if len(rules) == 1:
        return rules
    half = len(rules) // 2
    return _suspects(rules[:half], path) + _suspects(rules[half:], path)


def _try(rule: Document, small: Path, large: Path) -> tuple[float, float] | None:
    """Seconds at one size and at two where a rule takes more than its share, None where it does not."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        configure(work, joined([rule]))
        once, twice = _seconds(work, small), _seconds(work, large)
        if twice > FLOOR and twice > MOST * once:
            once, twice = min(once, _seconds(work, small)), min(twice, _seconds(work, large))
        return (once, twice) if twice > FLOOR and twice > MOST * once else None


def main() -> int:
    """Print every rule that grows faster than its text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rule', action='append')
    parser.add_argument('--gap')
    parser.add_argument('--all', action='store_true', help='print what is linear but slow as well')
    args = parser.parse_args()
    chosen = [document for gap in GAPS if args.gap in (None, gap.name) for document in documents(gap.name)] + list(documents('facts'))
    slow = 0
    with tempfile.TemporaryDirectory() as folder:
        for language in CASES:
            rules = [document for document in chosen if document.language == language and (not args.rule or document.id in args.rule)]
            files = _files(Path(folder), language)
            for case, small, large in files:
                for at in range(0, len(rules), TOGETHER):
                    for rule in _suspects(rules[at : at + TOGETHER], large):
                        found = _try(rule, small, large)
                        if found:
                            slow += 1
                            print(f'{rule.id}: {case}: {found[0]:.2f} s, twice the text {found[1]:.2f} s', flush=True)
                        elif args.all:
                            print(f'{rule.id}: {case}: linear, but over {FLOOR} s', flush=True)
            print(f'{language}: {len(rules)} rules on {len(files)} cases', file=sys.stderr)
    return 1 if slow else 0


if __name__ == '__main__':
    raise SystemExit(main())
