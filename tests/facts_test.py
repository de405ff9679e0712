"""What stands elsewhere in the repository decides: guards that excuse, guards that were deleted, names followed through imports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Repo, refused
from sixgaps.engine.facts import parse
from sixgaps.engine.finding import HookError
from sixgaps.engine.imports import Definition, Imports

ROUTES = """\
from fastapi import APIRouter

router = APIRouter()


@router.delete("/orders/{order_id}")
def delete_order(order_id: int):
    order = db.get(Order, order_id)
    db.delete(order)
    db.commit()
"""
MODELS = """\
class User(Base):
    __tablename__ = "users"
    password_hash = Column(String)
"""
MAIN = """\
from fastapi import Depends, FastAPI

from app.orders import router as orders_router
from app.auth import get_current_user

app = FastAPI()
app.include_router(orders_router{guard})
"""
GUARD = ', dependencies=[Depends(get_current_user)]'


def shop(repo: Repo, guard: str) -> None:
    repo.write('app/__init__.py', '')
    repo.write('app/auth.py', 'def get_current_user():\n    ...\n')
    repo.write('app/models.py', MODELS)
    repo.write('app/orders.py', ROUTES)
    repo.write('app/main.py', MAIN.format(guard=guard))


def test_a_guard_at_the_mount_excuses_the_router(repo: Repo) -> None:
    shop(repo, GUARD)
    repo.save()
    assert '[py-route-without-auth]' not in repo.sixgaps('app/orders.py').stdout


def test_a_router_that_is_mounted_bare_is_refused(repo: Repo) -> None:
    shop(repo, '')
    repo.save()
    assert refused(repo.sixgaps('--scope', 'all', 'app/orders.py'), ('py-route-without-auth',))


def test_taking_the_guard_from_the_mount_is_noticed_where_the_route_changes_too(repo: Repo) -> None:
    shop(repo, GUARD)
    repo.save()
    shop(repo, '')
    repo.write('app/orders.py', ROUTES + '\n')
    assert refused(repo.sixgaps('app/orders.py', 'app/main.py'), ('py-route-without-auth',))


def test_deleting_a_dependency_is_refused(hooked: Repo) -> None:
    guarded = ROUTES.replace('order_id: int)', 'order_id: int, user: User = Depends(get_current_user))').replace(
        'db.get(Order, order_id)', 'db.query(Order).filter_by(id=order_id, owner_id=user.id).one()'
    )
    hooked.save(models=MODELS, orders=guarded)
    hooked.write('orders.py', guarded + '\n')
    hooked.git('add', '-A')
    assert hooked.commit().returncode == 0
    hooked.write('orders.py', ROUTES)
    hooked.git('add', '-A')
    assert refused(hooked.commit(), ('py-guard-taken-away',))


VIEWS = """\
from django.contrib.auth.decorators import login_required


{guard}def rename(request, code):
    check = get_object_or_404(Check, code=code{owner})
    check.save()


@login_required
def details(request, code):
    return show(get_object_or_404(Check, code=code, owner=request.user))
"""
LOGIN = '@login_required\n'
OWNER = ', owner=request.user'


def views(guard: str = LOGIN, owner: str = OWNER) -> str:
    return VIEWS.format(guard=guard, owner=owner)


@pytest.mark.parametrize(
    ('after', 'rule'),
    [(views(guard=''), 'py-guard-taken-away'), (views(owner=''), 'py-owner-check-taken-away')],
)
def test_taking_a_guard_away_is_refused(repo: Repo, after: str, rule: str) -> None:
    repo.save(hc=views())
    repo.write('hc.py', after)
    assert refused(repo.sixgaps('hc.py'), (rule,))


@pytest.mark.parametrize(
    ('before', 'after'),
    [
        (views(guard=''), views(guard='') + '\n'),
        (views(owner=''), views(owner='') + '\n'),
        (views(), views(guard='@permission_required("hc.edit")\n')),
        (views(), views(owner=', user__id=request.user.pk')),
    ],
    ids=['never guarded', 'never tied', 'another guard', 'another tie'],
)
def test_what_was_never_there_or_is_replaced_was_not_taken_away(repo: Repo, before: str, after: str) -> None:
    repo.save(hc=before)
    repo.write('hc.py', after)
    assert 'taken-away]' not in repo.sixgaps('hc.py').stdout


API = """\
from fastapi import APIRouter, Depends

router = APIRouter({router})


{above}@router.delete("/notes/{{note_id}}")
def delete_note(note_id: int{parameter}, db: Session = Depends(get_db)):
    note = db.query(Note).filter(Note.id == note_id{tie}).first()
{check}    db.delete(note)
    db.commit()
"""
CALLER = ', user: User = Depends(get_current_user)'
TIE = ', Note.owner_id == user.id'
COMPARED = '    if note.owner_id != user.id:\n        raise HTTPException(status_code=404, detail="not found")\n'


def api(router: str = '', above: str = '', parameter: str = CALLER, tie: str = '', check: str = '') -> str:
    return API.format(router=router, above=above, parameter=parameter, tie=tie, check=check)


@pytest.mark.parametrize(
    ('before', 'after'),
    [
        (api(tie=TIE), api(check=COMPARED)),
        (api(check=COMPARED), api(tie=TIE)),
        (api(check=COMPARED), api(check='    access.ensure_can_edit(note, user)\n')),
        (api(check=COMPARED), api(check='    _mine(note, user)\n')),
        (api(check=COMPARED), api(check='    policy.enforce("delete", note)\n')),
        (api(tie=TIE), api(parameter=', mine: Note = Depends(own_note), user: User = Depends(get_current_user)')),
        (api(), api(parameter=', ctx: Context = Depends(request_context)')),
        (api(), api(parameter='', above='@members_of_team\n')),
        (api(), api(parameter='', router='dependencies=[Depends(get_current_user)]')),
        (api(parameter='', router='dependencies=[Depends(get_current_user)]'), api()),
    ],
    ids=[
        'query to comparison',
        'comparison to query',
        'comparison to helper elsewhere',
        'comparison to helper here',
        'comparison to policy',
        'query to dependency',
        'caller to context',
        'caller to decorator',
        'caller to router',
        'router to caller',
    ],
)
def test_a_check_that_was_moved_or_replaced_blocks_nothing(repo: Repo, before: str, after: str) -> None:
    repo.save(notes=before)
    repo.write('notes.py', after)
    lines = repo.sixgaps('--format', 'json', 'notes.py').stdout
    assert [f['rule'] for f in json.loads(lines or '[]') if f['severity'] == 'error' and f['rule'].endswith('-taken-away')] == []


@pytest.mark.parametrize(
    ('before', 'after', 'rule'),
    [
        (api(tie=TIE), api(), 'py-owner-check-taken-away'),
        (api(check=COMPARED), api(), 'py-owner-check-taken-away'),
        (api(), api(parameter=''), 'py-guard-taken-away'),
        (api(parameter='', router='dependencies=[Depends(get_current_user)]'), api(parameter=''), 'py-router-guard-taken-away'),
    ],
)
def test_a_check_with_nothing_in_its_place_is_missed(repo: Repo, before: str, after: str, rule: str) -> None:
    repo.save(notes=before)
    repo.write('notes.py', after)
    assert refused(repo.sixgaps('notes.py'), (rule,))


BASE = """\
class BaseView(APIView):
    permission_classes = [IsAuthenticated]


"""
CLASS = """\
class Orders({bases}):
{body}
    def post(self, request):
        return Response(save(request.data))
"""
CLASS_GUARD = '    permission_classes = [IsAuthenticated]\n'


@pytest.mark.parametrize(
    ('after', 'blocks'),
    [
        (CLASS.format(bases='APIView', body=''), True),
        (BASE + CLASS.format(bases='BaseView', body=''), False),
        (CLASS.format(bases='TeamView', body=''), False),
        (CLASS.format(bases='LoginRequiredMixin, APIView', body=''), False),
    ],
    ids=['nothing', 'base here', 'base elsewhere', 'mixin'],
)
def test_the_guard_of_a_class_may_move_to_its_base(repo: Repo, after: str, blocks: bool) -> None:
    repo.save(orders=CLASS.format(bases='APIView', body=CLASS_GUARD))
    repo.write('orders.py', after)
    assert ('[py-class-guard-taken-away]' in repo.sixgaps('orders.py').stdout) is blocks


def test_what_was_taken_away_is_no_question_to_a_whole_tree(repo: Repo) -> None:
    repo.save(hc=views())
    repo.write('hc.py', views(guard='', owner=''))
    assert 'taken-away]' not in repo.sixgaps('--scope', 'all', 'hc.py').stdout


def test_a_guard_lost_on_the_way_to_another_file_was_taken_away(repo: Repo) -> None:
    repo.save(hc=views())
    repo.git('mv', 'hc.py', 'front.py')
    repo.write('front.py', views(guard=''))
    repo.git('add', '-A')
    assert refused(repo.sixgaps('front.py'), ('py-guard-taken-away',))


def test_a_guard_that_one_parent_of_a_merge_took_away_is_old(repo: Repo) -> None:
    repo.save(hc=views(), other='')
    repo.git('checkout', '-q', '-b', 'side')
    repo.save(hc=views(guard=''))
    repo.git('checkout', '-q', '-')
    repo.save(other='x = 1\n')
    repo.git('merge', '--no-commit', '--no-ff', 'side')
    assert 'taken-away]' not in repo.sixgaps('hc.py').stdout


def test_deleting_a_timeout_is_refused(hooked: Repo) -> None:
    call = 'import requests\n\n\ndef f(url):\n    return requests.get(url, timeout=5)\n'
    hooked.save(a=call)
    hooked.write('a.py', call.replace(', timeout=5', ''))
    hooked.git('add', '-A')
    assert refused(hooked.commit(), ('py-timeout-taken-away',))


def test_telemetry_anywhere_excuses_the_app(repo: Repo) -> None:
    repo.write('main.py', 'from fastapi import FastAPI\n\napp = FastAPI()\n')
    repo.save()
    rule = '[py-app-without-metrics-or-tracing]'
    assert rule in repo.sixgaps('--scope', 'all', 'main.py').stdout
    repo.write('telemetry/setup.py', 'import sentry_sdk\n')
    repo.git('add', '-A')
    assert rule not in repo.sixgaps('--scope', 'all', 'main.py').stdout


BLUEPRINT = """\
from flask import Blueprint

bp = Blueprint("orders", __name__)


@bp.route("/orders/<int:order_id>", methods=["DELETE"])
def delete_order(order_id):
    order = db.session.get(Order, order_id)
    db.session.delete(order)
    db.session.commit()
    return "", 204
"""


@pytest.mark.parametrize('guard', ['', 'orders.bp.before_request(require_login)\n'])
def test_a_blueprint_stands_behind_the_guard_it_is_given_where_it_is_registered(repo: Repo, guard: str) -> None:
    repo.write('shop/__init__.py', '')
    repo.write('shop/models.py', MODELS)
    repo.write('shop/orders.py', BLUEPRINT)
    repo.write('shop/app.py', f'from . import orders\nfrom .auth import require_login\n\n{guard}app.register_blueprint(orders.bp)\n')
    repo.save()
    assert ('[py-route-without-auth]' in repo.sixgaps('--scope', 'all', 'shop/orders.py').stdout) is not bool(guard)


ORDERS = """\
const express = require('express')
const router = express.Router()
router.delete('/:id', async (req, res, next) => {
  try { await Order.deleteOne({ number: req.params.id }); res.end() } catch (err) { next(err) }
})
module.exports = router
"""


@pytest.mark.parametrize('guard', ['', 'requireAuth, '])
def test_an_express_router_stands_behind_the_guard_of_its_mount(repo: Repo, guard: str) -> None:
    repo.write('src/orders.js', ORDERS)
    repo.write('src/auth.js', "const jwt = require('jsonwebtoken')\n")
    repo.write('src/app.js', f"const orders = require('./orders')\napp.use('/orders', {guard}orders)\n")
    repo.save()
    assert ('[ts-route-without-auth]' in repo.sixgaps('--scope', 'all', 'src/orders.js').stdout) is not bool(guard)


HANDLER = """\
const Order = require('./models')
exports.create = async (req, res) => {
  %sawait Order.create(req.body)
  res.end()
}
"""


@pytest.mark.parametrize('check', ['', "if (!req.user) return res.redirect('/')\n  "])
def test_a_handler_is_followed_to_the_file_that_defines_it(repo: Repo, check: str) -> None:
    repo.write('src/auth.js', "const jwt = require('jsonwebtoken')\n")
    repo.write('src/controller.js', HANDLER % check)
    repo.write('src/routes.js', "const controller = require('./controller')\nrouter.post('/orders', controller.create)\n")
    repo.save()
    assert ('[ts-route-without-auth]' in repo.sixgaps('--scope', 'all', 'src/routes.js').stdout) is not bool(check)


@pytest.mark.parametrize(
    ('guarded', 'path'), [('/orders', '/orders/:id'), ('/orders/*', '/orders'), ('/order', '/orders'), ('/users', '/orders')]
)
def test_a_guard_on_a_path_covers_what_begins_with_it(repo: Repo, guarded: str, path: str) -> None:
    repo.write('src/auth.js', "const jwt = require('jsonwebtoken')\n")
    repo.write('src/app.js', f"app.use('{guarded}', requireAuth)\napp.put('{path}', update)\n")
    repo.save()
    assert ('[ts-route-without-auth]' in repo.sixgaps('--scope', 'all', 'src/app.js').stdout) is not guarded.startswith('/orders')


def test_a_method_of_an_instance_stands_where_its_class_does() -> None:
    files = {'a.js': "const H = require('./h')\nconst h = new H(db)\n", 'h.js': ''}
    assert Imports(files.__contains__, lambda path: files.get(path, '')).resolve('a.js', 'h.show') == Definition('h.js', 'show')


def test_entries() -> None:
    (one,) = parse('owned-model@tree=MODEL')
    assert (one.fact, one.scope, one.join, one.name) == ('owned-model', 'tree', '=', 'MODEL')
    assert [entry.fact for entry in parse('a|b@file')] == ['a', 'b']
    with pytest.raises(HookError):
        parse('a b')


FILES = {
    'app/main.py': 'from .routers import users\nfrom app.routers.items import router as items_router\nimport app.deps as deps\n',
    'app/__init__.py': '',
    'app/deps.py': '',
    'app/routers/__init__.py': 'from .admin import router as admin_router\n',
    'app/routers/users.py': '',
    'app/routers/items.py': '',
    'app/routers/admin.py': '',
    'app/api.py': 'from app.routers import admin_router\n',
    'src/app.ts': "import orders from './orders'\nimport { pay as payNow } from './pay.js'\n"
    "const ctrl = require('./ctrl')\nimport * as u from '@/users'\n",
    'src/orders/index.ts': '',
    'src/pay.ts': '',
    'src/ctrl.js': '',
    'src/users.ts': '',
}


@pytest.mark.parametrize(
    ('path', 'name', 'target'),
    [
        ('app/main.py', 'users.router', Definition('app/routers/users.py', 'router')),
        ('app/main.py', 'items_router', Definition('app/routers/items.py', 'router')),
        ('app/main.py', 'deps.current_user', Definition('app/deps.py', 'current_user')),
        ('app/main.py', 'app', Definition('app/main.py', 'app')),
        ('app/api.py', 'admin_router', Definition('app/routers/admin.py', 'router')),
        ('src/app.ts', 'orders', Definition('src/orders/index.ts', None)),
        ('src/app.ts', 'payNow', Definition('src/pay.ts', 'pay')),
        ('src/app.ts', 'ctrl.create', Definition('src/ctrl.js', 'create')),
        ('src/app.ts', 'u.list', Definition('src/users.ts', 'list')),
    ],
)
def test_names_are_followed_to_files(path: str, name: str, target: Definition) -> None:
    assert Imports(FILES.__contains__, lambda path: FILES.get(path, '')).resolve(path, name) == target


BOUNDED = 'from fastapi import Query\n\n\ndef items(limit: int = Query(20, ge=1{bound}), start: int = Query(0)):\n    ...\n'


CALLED = 'from http_session import session\n\n\ndef load(url):\n    return session.get(url{limit})\n'


@pytest.mark.parametrize(
    ('made', 'limit', 'rule'),
    [
        ('session = requests.Session()\n', '', 'py-session-call-without-timeout'),
        ('session = requests.Session()\n', ', timeout=10', ''),
        ("session = requests.Session()\nsession.mount('https://', TimeoutAdapter(timeout=10))\n", '', ''),
        ('session = httpx.Client()\n', '', ''),
    ],
)
def test_a_session_of_another_file_is_known(repo: Repo, made: str, limit: str, rule: str) -> None:
    repo.write('http_session.py', f'import httpx\nimport requests\n\n{made}')
    repo.write('load.py', CALLED.format(limit=limit))
    assert refused(repo.sixgaps('load.py', 'http_session.py'), (rule,)) if rule else 'timeout]' not in repo.sixgaps('load.py').stdout


TIMED = 'import requests\n\n\ndef load(client, url):\n    return client.get(url{limit})\n'


def test_taking_a_time_limit_away_is_refused_and_moving_it_to_the_client_is_not(repo: Repo) -> None:
    repo.save(a=TIMED.format(limit=', timeout=10'))
    repo.write('a.py', TIMED.format(limit=''))
    assert refused(repo.sixgaps('a.py'), ('py-timeout-taken-away',))
    repo.write('a.py', TIMED.format(limit='') + '\n\nCLIENT = httpx.Client(timeout=10)\n')
    assert '[py-timeout-taken-away]' not in repo.sixgaps('a.py').stdout


def test_taking_a_bound_away_is_refused_and_moving_it_is_not(repo: Repo) -> None:
    repo.save(a=BOUNDED.format(bound=', le=100'))
    repo.write('a.py', BOUNDED.format(bound=', le=MOST'))
    assert '[py-bound-taken-away]' not in repo.sixgaps('a.py').stdout
    repo.write('a.py', BOUNDED.format(bound=''))
    assert refused(repo.sixgaps('a.py'), ('py-bound-taken-away',))


CASES = [case for path in sorted((Path(__file__).parent / 'facts').glob('*.yml')) for case in yaml.safe_load(path.read_text())]


@pytest.mark.parametrize('case', CASES, ids=[case['name'] for case in CASES])
def test_what_stands_elsewhere_decides(case: dict[str, Any], repo: Repo) -> None:
    for path, text in case['files'].items():
        repo.write(path, text)
    repo.save()
    done = repo.sixgaps('--scope', 'all', '--format', 'json', *case['files'])
    assert done.returncode in (0, 1), done.stderr
    said = {(finding['path'], finding['rule']) for finding in json.loads(done.stdout)}
    assert {(path, rule) for path, rules in case.get('says', {}).items() for rule in rules} <= said
    assert not {(path, rule) for path, rules in case.get('silent', {}).items() for rule in rules} & said
