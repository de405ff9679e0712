"""Secrets by the name and content of their file, dependencies without a version, SQL migrations with no way back."""

from __future__ import annotations

import json

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
        ('firebase-adminsdk-x1.json', json.dumps({'private_key': KEY}), 'private_key'),
        ('.npmrc', '//registry.npmjs.org/:_authToken=0f3c9a71-22\n', '_authToken'),
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
        ('.env', 'NEXT_PUBLIC_API_KEY=k9F2mQ81zPxL\nSECRET_FILE=/run/secrets/key1\n'),
        ('certs/ca.pem', '-----BEGIN CERTIFICATE-----\nMIIEvQ\n-----END CERTIFICATE-----\n'),
        ('public.key', '-----BEGIN PUBLIC KEY-----\nMIIEvQ\n-----END PUBLIC KEY-----\n'),
        ('terraform.tfstate', '{"version": 4, "terraform_version": "1.9.0", "outputs": {}, "resources": []}'),
        ('service-account.json', '{"private_key": "<paste it here>"}'),
        ('.npmrc', '//registry.npmjs.org/:_authToken=${NPM_TOKEN}\nsave-exact=true\n'),
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
