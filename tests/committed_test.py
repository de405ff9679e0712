"""Secrets by the name and content of their file, dependencies without a version, SQL migrations with no way back."""

from __future__ import annotations

import pytest
from conftest import Repo, refused
from sixgaps import committed

KEY = (
    '-----BEGIN PRIVATE KEY-----\n'
    + 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n' * 3
    + '-----END PRIVATE KEY-----\n'
)
STATE = '{\n  "version": 4,\n  "terraform_version": "1.9.0",\n  "outputs": {},\n  "resources": [\n    {"type": "aws_db_instance"}\n  ]\n}\n'


@pytest.mark.parametrize(
    ('path', 'text', 'name'),
    [
        ('.env', 'PORT=4000\nJWT_SECRET=kJ82hsQm19fLz0pW\n', 'JWT_SECRET'),
        ('.env.production', 'export DB_PASSWORD="Tr0ub4dor-31"  # shop\n', 'DB_PASSWORD'),
        ('server/.env', 'MONGO_URI=mongodb://shop:Qb7r3xTr41n@mongo:27017/shop\n', 'MONGO_URI'),
        ('deploy/prod.env', 'STRIPE=sk_live_51HqLyjK2Zx9Qw3Rt\n', 'STRIPE'),
        ('certs/server.key', KEY, 'server.key'),
        ('id_rsa', KEY.replace('PRIVATE', 'OPENSSH PRIVATE'), 'id_rsa'),
        ('infra/terraform.tfstate', STATE, 'terraform.tfstate'),
        ('firebase-adminsdk-x1.json', '{"private_key": "' + KEY.replace('\n', '\\n') + '"}', 'private_key'),
        ('.npmrc', '//npm.example/:_authToken=0f3c9a71-22\n', '_authToken'),
        ('credentials', '[default]\naws_secret_access_key = wJalrXUtnFEMIK7MDENGbPxRfiCYzzzKEYKEY9\n', 'aws_secret_access_key'),
    ],
)
def test_a_secret_that_must_not_be_committed(path: str, text: str, name: str) -> None:
    assert committed.may_hold_secret(path)
    assert [spot.name for spot in committed.secrets(path, text)] == [name]


@pytest.mark.parametrize(
    ('path', 'text'),
    [
        ('.env', 'PORT=4000\nJWT_SECRET=\nDB_PASSWORD=${DB_PASSWORD}\n'),
        ('.env', 'SECRET_KEY=change-me-1\nAPI_KEY=your-api-key-1\nDB_PASSWORD=postgres\n'),
        ('.env', 'DATABASE_URL=postgres://app:app123@localhost:5432/app\n'),
        ('common.env', 'DATABASE_URL=postgres://saleor:saleor@db/saleor\n'),
        ('.env', 'NEXT_PUBLIC_API_KEY=k9F2mQ81zPxL\nSECRET_FILE=/run/secrets/key1\n'),
        ('certs/ca.pem', '-----BEGIN CERTIFICATE-----\nMIIEvQ\n-----END CERTIFICATE-----\n'),
        ('public.key', '-----BEGIN PUBLIC KEY-----\nMIIEvQ\n-----END PUBLIC KEY-----\n'),
        ('terraform.tfstate', '{"version": 4, "terraform_version": "1.9.0", "outputs": {}, "resources": []}'),
        ('service-account.json', '{"private_key": "<paste it here>"}'),
        ('.npmrc', '//npm.example/:_authToken=${NPM_TOKEN}\nsave-exact=true\n'),
    ],
)
def test_no_secret(path: str, text: str) -> None:
    assert list(committed.secrets(path, text)) == []


@pytest.mark.parametrize(
    'path',
    [
        '.env.example',
        '.env.sample',
        '.env.test',
        'tests/.env',
        'docs/server.key',
        'example.env',
        'apps/localhost.pem',
        '.env.local.example',
        'src/environment.ts',
    ],
)
def test_files_that_show_what_to_write(path: str) -> None:
    assert not committed.may_hold_secret(path)


def test_as_a_hook_it_never_prints_the_secret(repo: Repo) -> None:
    repo.write('.env', 'JWT_SECRET=kJ82hsQm19fLz0pW\n')
    repo.write('.env.example', 'JWT_SECRET=kJ82hsQm19fLz0pW\n')
    done = repo.sixgaps('.env', '.env.example')
    assert refused(done, ('repo-env-file-committed',))
    assert 'kJ82' not in done.stdout
    assert '.env.example' not in done.stdout.replace('commit a .env.example', '')


def test_a_secret_that_was_there_before_blocks_nothing(repo: Repo) -> None:
    repo.write('.env', 'JWT_SECRET=kJ82hsQm19fLz0pW\n')
    repo.save()
    repo.write('.env', 'PORT=1\nJWT_SECRET=kJ82hsQm19fLz0pW\n')
    assert repo.sixgaps('.env').returncode == 0


@pytest.mark.parametrize(
    ('text', 'others', 'names'),
    [
        ('flask\nrequests>=2.0\ndjango==5.1\n', [], ['flask', 'requests']),
        ('celery[redis]  # worker\nuvicorn[standard]>=0.30; python_version > "3.8"\n', ['other/uv.lock'], ['celery', 'uvicorn']),
        ('flask\n', ['uv.lock'], []),
        ('django~=5.1\nflask>=3,<4\n-r base.txt\n# flask\ngit+https://x/y@v1\n', [], []),
        ('flask==3.0 --hash=sha256:aa\nrequests\n', [], []),
    ],
)
def test_requirements_without_a_version(text: str, others: list[str], names: list[str]) -> None:
    assert [spot.name for spot in committed.unpinned_requirements('app/requirements.txt', text, lambda: others)] == names


APP = '{"private": true, "scripts": {"start": "node ."},\n "dependencies": {"express": "^4"}}'


@pytest.mark.parametrize(
    ('text', 'others', 'found'),
    [
        (APP, [], 1),
        (APP, ['b/package-lock.json'], 1),
        (APP, ['package-lock.json'], 0),
        (APP, ['a/yarn.lock'], 0),
        (APP.replace('"private"', '"files": ["dist"], "private"'), [], 0),
        (APP.replace('start', 'test'), [], 0),
        ('{', [], 0),
    ],
)
def test_a_manifest_without_a_lock_file(text: str, others: list[str], found: int) -> None:
    assert len(list(committed.manifest_without_lock('a/package.json', text, lambda: others))) == found


@pytest.mark.parametrize(
    ('path', 'text', 'names'),
    [
        ('migrations/1.sql', '-- migrate:up\nALTER TABLE a ADD b int;\n-- migrate:down\n', ['-- migrate:down']),
        ('migrations/1.sql', '-- +goose Up\nCREATE TABLE a (b int);\n-- +goose Down\n-- nothing\n', ['-- +goose Down']),
        ('migrations/1.up.sql', 'ALTER TABLE a ADD b int;\n', ['1.up.sql']),
        ('migrations/1.down.sql', '-- nothing to do\n', ['1.down.sql']),
        ('migrations/1.sql', 'ALTER TABLE a ADD COLUMN full_name text;\nALTER TABLE a DROP COLUMN name;\n', ['name']),
        ('prisma/migrations/1/migration.sql', 'ALTER TABLE "A" DROP COLUMN "old",\nADD COLUMN "new" TEXT;\n', ['old']),
    ],
)
def test_a_migration_with_no_way_back(path: str, text: str, names: list[str]) -> None:
    assert committed.is_migration(path)
    assert [spot.name for spot in committed.irreversible(path, text, list)] == names


@pytest.mark.parametrize(
    ('path', 'text', 'others'),
    [
        ('migrations/1.sql', '-- migrate:up\nALTER TABLE a ADD b int;\n-- migrate:down\nALTER TABLE a DROP COLUMN b;\n', []),
        ('migrations/1.up.sql', 'ALTER TABLE a ADD b int;\n', ['migrations/1.down.sql']),
        ('migrations/1.sql', 'ALTER TABLE a DROP COLUMN old;\n', []),
        ('migrations/1.sql', 'ALTER TABLE a ADD COLUMN b text;\nUPDATE a SET b = c;\nALTER TABLE a DROP COLUMN c;\n', []),
        ('migrations/1.sql', '-- ALTER TABLE a ADD b int, DROP COLUMN c\nCREATE TABLE d (e int);\n', []),
    ],
)
def test_a_migration_with_a_way_back(path: str, text: str, others: list[str]) -> None:
    assert list(committed.irreversible(path, text, lambda: others)) == []


SHIPPED = 'FROM node:20 AS build\nCOPY . .\nFROM node:20-slim\nCOPY package.json .\nCOPY --chown=node:node . .\n'


@pytest.mark.parametrize(
    ('text', 'others', 'found'),
    [
        (SHIPPED, {}, [('COPY --chown=node:node . .', False)]),
        (SHIPPED, {'.env': 'JWT_SECRET=kJ82hsQm19fLz0pW\n'}, [('COPY --chown=node:node . .', True)]),
        ('FROM a:1\nADD . /app\n', {'.dockerignore': '.git\n', '.env.example': ''}, [('ADD . /app', False)]),
        (SHIPPED, {'.dockerignore': '.git\n'}, []),
        (SHIPPED, {'.dockerignore': 'node_modules\n**/.env\n', '.env.example': ''}, []),
        (SHIPPED, {'api/.dockerignore': '*\n!src\n', '.env.example': ''}, []),
        ('FROM a:1 AS build\nCOPY . .\nFROM b:1\nCOPY --from=build /app/dist ./dist\n', {}, []),
        ('FROM a:1\nCOPY --link ./ .\nRUN x\n', {}, [('COPY --link ./ .', False)]),
        ('FROM a:1\nCOPY --chown=a --from=b . .\nCOPY ../x .\nCOPY .npmrc .\n', {}, []),
        ('FROM a:1\nCOPY src ./src\nCOPY package.json .\n', {}, []),
    ],
)
def test_what_takes_the_env_file_into_the_image(text: str, others: dict[str, str], found: list[tuple[str, bool]]) -> None:
    assert committed.is_about_images('api/Dockerfile')
    assert [(spot.name, sure) for spot, sure in committed.copies_everything('api/Dockerfile', text, lambda: others)] == found


PROXY = 'server {\n  listen 80 default_server;\n  location / { proxy_pass http://web:5000; }\n}\n'


@pytest.mark.parametrize(
    ('text', 'others', 'names'),
    [
        (PROXY, {}, ['listen 80 default_server']),
        (PROXY.replace('80 default', '[::]:80 default'), {'README.md': 'https://x'}, ['listen [::]:80 default_server']),
        (PROXY, {'nginx/tls.conf': 'listen 443 ssl;'}, []),
        (PROXY.replace('location', 'return 301 https://$host; location'), {}, []),
        (PROXY.replace('proxy_pass http://web:5000', 'root /srv'), {}, []),
    ],
)
def test_a_proxy_that_ends_no_tls(text: str, others: dict[str, str], names: list[str]) -> None:
    assert committed.is_proxy('nginx/default.conf')
    assert [spot.name for spot in committed.plain_http('nginx/default.conf', text, lambda: others)] == names


@pytest.mark.parametrize(
    ('text', 'found'),
    [
        ("CREATE USER IF NOT EXISTS 'shop'@'localhost' IDENTIFIED BY 'shop2';", 1),
        ("create role shop login password 'k9F2mQ81';\nALTER USER shop WITH PASSWORD 'x9F2mQ81';", 2),
        ("CREATE USER 'shop'@'%' IDENTIFIED WITH mysql_native_password BY 'k9F2mQ81';", 1),
        ("CREATE ROLE shop PASSWORD :'pw';\nCREATE USER a IDENTIFIED BY '${DB_PASSWORD}';", 0),
        ("-- CREATE USER shop PASSWORD 'k9F2mQ81';\nCREATE TABLE a (password text);", 0),
        ("CREATE USER shop PASSWORD 'change_me';", 0),
    ],
)
def test_database_users_with_a_password(text: str, found: int) -> None:
    assert len(list(committed.users_with_password(text))) == found
    assert committed.is_sql('schema.sql')
    assert not committed.is_sql('docker/local-postgres/init.sql')


@pytest.mark.parametrize(
    ('path', 'text', 'rule'),
    [
        ('Dockerfile', SHIPPED, 'dk-everything-copied'),
        ('nginx/default.conf', PROXY, 'repo-plain-http-proxy'),
        ('schema.sql', "CREATE ROLE shop PASSWORD 'k9F2mQ81';", 'sql-hardcoded-secret'),
        ('requirements.txt', 'flask\n', 'py-requirement-without-version'),
        ('package.json', APP, 'pkg-dependencies-without-lock-file'),
        ('migrations/1.up.sql', 'ALTER TABLE a ADD b int;\n', 'sql-irreversible-migration'),
    ],
)
def test_each_is_told_by_the_hook(path: str, text: str, rule: str, repo: Repo) -> None:
    repo.write(path, text)
    done = repo.sixgaps(path)
    assert f'[{rule}]' in done.stdout
    assert 'k9F2' not in done.stdout
