"""The configuration: where values come from, what is refused, and what never shows."""

from __future__ import annotations

import copy
import dataclasses
import json
import os
import pickle
from decimal import Decimal
from pathlib import Path

import platformdirs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from renderbus_core import schema
from renderbus_core.api import Endpoint
from renderbus_core.cli.workplace import endpoint
from renderbus_core.config import Credentials, Folders, Secret, credentials, farm_login, load
from renderbus_core.errors import ConfigError
from renderbus_core.money import Money
from renderbus_core.paths import PathRule


def _rules():
    for name, section in schema.load("config.json")["properties"].items():
        keys = schema.load(section["$ref"]) if "$ref" in section else section
        yield from ((f"{name}.{key}", rule) for key, rule in keys["properties"].items())


RULES = dict(_rules())


@pytest.fixture
def folders(tmp_path):
    return Folders(tmp_path / "user", tmp_path / "site", tmp_path / "data")


@pytest.fixture
def read(tmp_path, folders):
    """Return a function from TOML text and environment to a Config."""

    def _read(text, env=None):
        file = tmp_path / "renderbus.toml"
        file.write_text(text, encoding="utf-8")
        return load(file, env=env or {}, folders=folders)

    return _read


@pytest.fixture
def refusal(read):
    """Return a function from TOML text and environment to the sentence that refuses them."""

    def _refusal(text, env=None):
        with pytest.raises(ConfigError) as caught:
            read(text, env)
        return str(caught.value)

    return _refusal


class TestDefaults:
    def test_nothing_needs_to_be_configured(self, folders):
        config = load(env={}, folders=folders)
        assert config.file is None
        assert config.cloud.domain == "task.renderbus.com"
        assert config.burst.give_back_limit == 1
        assert config.overflow.enabled is False
        assert config.price_per_hour is None
        assert {config.source(key) for key in RULES} == {"default"}

    def test_files_go_to_the_folders_of_the_platform(self, folders):
        config = load(env={}, folders=folders)
        assert config.farm.database == folders.data / "farm.db"
        assert config.burst.work_folder == folders.data / "packages"
        assert config.store.url == f"sqlite:///{(folders.data / 'bursts.db').as_posix()}"
        assert config.cloud.credentials_file == folders.user_config / "credentials.toml"

    def test_the_folders_of_this_host_are_those_of_platformdirs(self):
        assert Folders.of_this_host() == Folders(
            user_config=Path(platformdirs.user_config_dir("renderbus", False)),
            site_config=Path(platformdirs.site_config_dir("renderbus", False)),
            data=Path(platformdirs.user_data_dir("renderbus", False)),
        )

    @pytest.mark.parametrize("key", RULES)
    def test_every_key_is_described_and_its_default_obeys_its_own_rule(self, key):
        rule = RULES[key]
        assert rule["description"].endswith(".")
        if "default" in rule:
            section, _, name = key.partition(".")
            assert schema.problems("config.json", {section: {name: rule["default"]}}) == ()

    def test_the_whole_configuration_is_frozen(self, folders):
        config = load(env={}, folders=folders)
        with pytest.raises(dataclasses.FrozenInstanceError):
            config.cloud.domain = "elsewhere"


class TestWhichFile:
    def test_a_file_named_by_option_goes_before_one_named_by_the_environment(
        self, tmp_path, folders
    ):
        for name in ("option", "variable"):
            (tmp_path / name).write_text(f'[cloud]\ndomain = "{name}"\n')
        env = {"RENDERBUS_CONFIG": str(tmp_path / "variable")}
        assert load(tmp_path / "option", env=env, folders=folders).cloud.domain == "option"
        assert load(env=env, folders=folders).cloud.domain == "variable"

    def test_the_user_s_file_goes_before_the_site_s(self, folders):
        for place in (folders.site_config, folders.user_config):
            place.mkdir()
            file = place / "renderbus.toml"
            file.write_text(f'[cloud]\ndomain = "{place.name}"\n')
            config = load(env={}, folders=folders)
            assert config.cloud.domain == place.name
            assert config.file == file

    def test_a_file_that_was_named_must_exist(self, tmp_path, folders):
        missing = tmp_path / "missing.toml"
        with pytest.raises(ConfigError, match=r"missing\.toml named by --config does not exist"):
            load(missing, env={}, folders=folders)
        with pytest.raises(ConfigError, match="named by RENDERBUS_CONFIG does not exist"):
            load(env={"RENDERBUS_CONFIG": str(missing)}, folders=folders)

    def test_a_folder_is_not_a_file(self, tmp_path, folders):
        with pytest.raises(ConfigError, match="cannot be read"):
            load(tmp_path, env={}, folders=folders)

    @pytest.mark.parametrize(
        "content", [b"[cloud", b"\xff\xfe", b"x = " + b"[" * 9000, b"x = " + b"9" * 9000]
    )
    def test_a_file_that_is_not_toml_is_named(self, tmp_path, folders, content):
        file = tmp_path / "renderbus.toml"
        file.write_bytes(content)
        with pytest.raises(ConfigError, match=r"renderbus\.toml is not a TOML file in UTF-8"):
            load(file, env={}, folders=folders)

    def test_a_byte_order_mark_does_no_harm(self, read):
        assert read("\ufeff[cloud]\nplatform = 3\n").cloud.platform == 3


class TestSources:
    def test_the_environment_goes_before_the_file_and_the_file_before_the_default(self, read):
        config = read(
            '[cloud]\ndomain = "a"\nplatform = 3\n', {"RENDERBUS_CLOUD_DOMAIN": "127.0.0.1:80"}
        )
        assert (config.cloud.domain, config.cloud.platform) == ("127.0.0.1:80", 3)
        assert config.source("cloud.domain") == "environment RENDERBUS_CLOUD_DOMAIN"
        assert config.source("cloud.platform") == str(config.file)
        assert config.source("cloud.language") == "default"

    def test_an_empty_variable_is_not_set(self, folders):
        config = load(env={"RENDERBUS_CLOUD_DOMAIN": "", "RENDERBUS_CONFIG": ""}, folders=folders)
        assert config.source("cloud.domain") == "default"

    def test_an_unknown_key_has_no_source_but_a_suggestion(self, folders):
        config = load(env={}, folders=folders)
        with pytest.raises(ConfigError, match=r"did you mean cloud\.domain\?"):
            config.source("cloud.domian")

    @pytest.mark.parametrize(
        "key", [key for key, rule in RULES.items() if rule["type"] not in ("array", "object")]
    )
    def test_every_single_value_can_come_from_the_environment(self, folders, key):
        rule = RULES[key]
        value = rule.get("default", "") if key != "store.url" else "sqlite:////a/b.db"
        value = value if value != "" else rule.get("examples", rule.get("enum", ["/a/b"]))[0]
        variable = f"RENDERBUS_{key.replace('.', '_').upper()}"
        config = load(
            env={"RENDERBUS_MONEY_CURRENCY": "CNY", variable: str(value)}, folders=folders
        )
        assert config.source(key) == f"environment {variable}"
        section, _, name = key.partition(".")
        assert config.as_document()[section][name] == value

    @pytest.mark.parametrize(("text", "value"), [("yes", True), ("1", True), ("FALSE", False)])
    def test_yes_and_no_have_several_spellings_in_the_environment(self, folders, text, value):
        env = {"RENDERBUS_OVERFLOW_ENABLED": text}
        assert load(env=env, folders=folders).overflow.enabled is value


class TestTypes:
    def test_numbers_have_the_type_that_the_program_uses(self, read):
        config = read("[cloud]\nplatform = 3.0\n[burst]\npoll_seconds = 5\n")
        assert type(config.cloud.platform) is int
        assert type(config.burst.poll_seconds) is float

    @pytest.mark.parametrize("amount", ['"1.80"', "1.8", '"1.800"'])
    def test_money_is_exact_and_has_a_currency(self, read, amount):
        config = read(f'[money]\nprice_per_hour = {amount}\ncurrency = "CNY"\nbudget = 500\n')
        assert config.price_per_hour == Money(Decimal("1.8"), "CNY")
        assert config.money.budget == Money(Decimal(500), "CNY")

    def test_money_without_a_currency_is_refused(self, refusal):
        assert "'currency' is missing, which 'budget' needs" in refusal("[money]\nbudget = 5\n")

    def test_relative_paths_start_at_the_folder_of_the_file(self, read, tmp_path):
        config = read(
            '[farm]\ndatabase = "farm/jobs.db"\n'
            '[paths]\nroots = ["assets", "/mnt/show"]\n'
            '[[paths.mapping]]\nstored = "X:/show"\nlocal = "show"\n'
        )
        assert config.farm.database == tmp_path / "farm/jobs.db"
        assert config.paths.roots == (tmp_path / "assets", Path("/mnt/show").absolute())
        assert config.paths.mapping.rules == (PathRule("X:/show", str(tmp_path / "show")),)
        assert config.paths.mapping.to_local("x:\\show\\a") == f"{tmp_path}/show/a"

    def test_relative_paths_from_the_environment_start_at_the_current_folder(
        self, read, tmp_path, monkeypatch
    ):
        (tmp_path / "here").mkdir()
        monkeypatch.chdir(tmp_path / "here")
        config = read("", {"RENDERBUS_FARM_DATABASE": "farm.db"})
        assert config.farm.database == tmp_path / "here/farm.db"

    def test_certificates_that_are_not_named_are_none_and_others_lie_beside_the_file(
        self, read, tmp_path
    ):
        assert read("").cloud.ca_bundle is None
        config = read('[cloud]\nca_bundle = "studio.pem"\n')
        assert config.cloud.ca_bundle == tmp_path / "studio.pem"

    def test_a_tilde_is_the_home_folder(self, read, monkeypatch, tmp_path):
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
        assert read('[farm]\ndatabase = "~/farm.db"\n').farm.database == tmp_path / "home/farm.db"


class TestRefusals:
    def test_an_unknown_key_is_named_with_its_line_and_a_suggestion(self, refusal, tmp_path):
        assert refusal("[cloud]\n\ndomian = 1\n") == (
            f"{tmp_path}/renderbus.toml line 3: cloud: 'domian' is not known; "
            "did you mean 'domain'?"
        )

    def test_an_unknown_section_is_named_with_its_line(self, refusal):
        assert "line 2: 'clod' is not known; did you mean 'cloud'?" in refusal("\n[clod]\na = 1\n")

    def test_everything_that_is_wrong_is_said_at_once(self, refusal):
        text = refusal(
            '[cloud]\ndomian = "x"\nplatform = "y"\n[burst]\nmachine_limit = 0\n',
            {"RENDERBUS_BURST_POLL_SECONDS": "soon", "RENDERBUS_CLOUD_PLATFROM": "3"},
        )
        assert "line 2: cloud: 'domian'" in text
        assert 'line 3: cloud.platform: "y" must be of type integer' in text
        assert "line 5: burst.machine_limit: 0 is less than" in text
        assert 'RENDERBUS_BURST_POLL_SECONDS in the environment: "soon" must be' in text
        assert (
            "RENDERBUS_CLOUD_PLATFROM in the environment is not known; "
            "did you mean RENDERBUS_CLOUD_PLATFORM?"
        ) in text

    @pytest.mark.parametrize(
        ("text", "place"),
        [
            ("cloud = 5\n", "line 1: cloud: 5 must be of type object"),
            ("[burst]\npoll_seconds = nan\n", 'burst.poll_seconds: "nan" must be of type number'),
            ("[burst]\npoll_seconds = 1e999\n", 'burst.poll_seconds: "1e999" must be'),
            ("[burst]\npoll_seconds = -1\n", "burst.poll_seconds: -1"),
            ("[cloud]\nplatform = true\n", "cloud.platform: true must be of type integer"),
            ("[cloud]\nproject_name = 2024-01-01\n", 'project_name: "2024-01-01" must be'),
            ('[cloud]\ndomain = "https://a.b"\n', "cloud.domain:"),
            ('[cloud]\ndomain = "a.b\\n"\n', "cloud.domain:"),
            ('[farm]\ndatabase = "a\\u0000b"\n', "farm.database:"),
            ('[farm]\nurl = "farm.studio:4434"\n', "farm.url:"),
            ('[farm]\nurl = "https://ada:S3cret@farm.studio"\n', "farm.url:"),
            ('[store]\nurl = "sqlite:///relative.db"\n', "store.url:"),
            ('[store]\nurl = "mysql://host/db"\n', "store.url:"),
            ('[money]\ncurrency = "EUR"\n', 'money.currency: "EUR" is not one of "CNY", "USD"'),
            (
                '[paths]\nmapping = [{stored = "X:/"}]\n',
                "line 2: paths.mapping[0]: 'local' is miss",
            ),
            ('[[paths.mapping]]\nstored = "a"\nlocal = "b"\n', "'a' is not an absolute folder"),
            ('[overflow]\ndccs = ["../maya"]\n', "overflow.dccs[0]:"),
        ],
    )
    def test_a_value_that_makes_no_sense_is_named_with_its_place(self, refusal, text, place):
        assert place in refusal(text)

    @pytest.mark.parametrize("number", ["abc", "nan", "1e999", "9" * 30, "١٢"])
    def test_a_number_in_the_environment_is_a_number(self, refusal, number):
        text = refusal("", {"RENDERBUS_CLOUD_PLATFORM": number})
        assert text.startswith("RENDERBUS_CLOUD_PLATFORM in the environment: ")

    def test_codes_have_the_severity_of_the_site(self, refusal, tmp_path):
        file = tmp_path / "own.toml"
        file.write_text('[preflight]\nseverity = {"50001" = "error"}\n')
        assert load(file, env={}).preflight.severity == {"50001": "error"}
        assert "error" in refusal('[preflight]\nseverity = {"50001" = "fatal"}\n')
        assert "RENDERBUS_PREFLIGHT_SEVERITY in the environment cannot hold a table" in refusal(
            "", {"RENDERBUS_PREFLIGHT_SEVERITY": "50001=error"}
        )

    def test_a_list_cannot_come_from_the_environment(self, refusal):
        assert refusal("", {"RENDERBUS_PATHS_ROOTS": "/a:/b"}) == (
            "RENDERBUS_PATHS_ROOTS in the environment cannot hold a list; "
            "set paths.roots in the file"
        )

    def test_variables_of_other_programs_are_left_alone(self, read):
        assert read("", {"RENDERBUS_HOME": "/opt/other"}).file


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=60),
        st.lists(
            st.tuples(
                st.sampled_from(sorted(RULES)),
                st.sampled_from(["1", "-1", '""', '"x"', "[]", "{}", "true", "inf", "0x10", "[1]"]),
            ),
            max_size=4,
        ).map(lambda lines: "\n".join(f"{key} = {value}" for key, value in lines).encode()),
    )
)
def test_any_file_is_a_configuration_or_one_refusal(tmp_path, folders, content):
    file = tmp_path / "renderbus.toml"
    file.write_bytes(content)
    try:
        config = load(file, env={}, folders=folders)
    except ConfigError as error:
        shown = str(error)
    else:
        shown = str(config.file)
        assert schema.problems("config.json", config.as_document()) == ()
    assert str(file) in shown


def test_an_endpoint_by_itself_is_what_the_configuration_has_by_default(folders):
    assert endpoint(load(env={}, folders=folders)) == Endpoint("task.renderbus.com")


class TestWaivers:
    def test_a_rule_that_there_is_can_be_waived_everywhere_and_in_a_project(self, read):
        waive = read('[preflight]\nwaive = ["unusual_name", "show:7:doubtful_root"]\n').preflight
        assert waive.waive == ("unusual_name", "show:7:doubtful_root")

    @pytest.mark.parametrize(
        ("waiver", "sentence"),
        [
            ("unusal_name", "no rule is called 'unusal_name'; did you mean 'unusual_name'?"),
            ("show:doubtful_rot", "no rule is called 'doubtful_rot'; did you mean 'doubtful_root'"),
            ("xyzzy", "no rule is called 'xyzzy'; see docs/reference/rules.md"),
        ],
    )
    def test_a_rule_that_there_is_not_is_refused_with_its_line(self, refusal, waiver, sentence):
        text = refusal(f'[preflight]\nwaive = ["missing_file", "{waiver}"]\n')
        assert f"line 2: preflight.waive[1]: {sentence}" in text

    def test_an_option_that_there_is_not_is_refused_with_its_line(self, refusal):
        text = refusal('[burst]\noptions_refused = ["tiles", "tilse"]\n')
        assert (
            "line 2: burst.options_refused[1]: no cloud option is called 'tilse'; "
            "did you mean 'tiles'?" in text
        )


class TestSoftware:
    ROW = (
        '[[burst.software]]\ndcc = "maya"\nversion = "2024"\ncloud_version = "{cloud}"\n'
        'renderer = "{renderer}"\nplugins = {{ mtoa = "5.4.2" }}\n'
    )

    def test_a_row_that_names_the_renderer_goes_before_one_that_does_not(self, read):
        rows = (("2024.2", "Arnold"), ("2024.1", ""))
        text = "".join(self.ROW.format(cloud=cloud, renderer=name) for cloud, name in rows)
        burst = read(text).burst
        assert burst.software_of("maya", "2024", "arnold").cloud_version == "2024.2"
        assert burst.software_of("maya", "2024", "vray").cloud_version == "2024.1"
        assert burst.software_of("maya", "2024", "").plugins == {"mtoa": "5.4.2"}
        assert burst.software_of("maya", "2023", "arnold") is None
        assert burst.software_of("blender", "2024", "arnold") is None

    def test_renderer_and_plug_ins_may_be_left_out(self, read):
        text = '[[burst.software]]\ndcc = "maya"\nversion = "2024"\ncloud_version = "2025"\n'
        config = read(text)
        (row,) = config.burst.software
        assert (row.renderer, row.plugins) == ("", {})
        assert schema.problems("config.json", config.as_document()) == ()

    def test_the_manual_shows_a_row(self, read, root):
        manual = (root / "docs" / "gateway.md").read_text("utf-8")
        (row,) = read(manual.split("```toml")[1].split("```")[0]).burst.software
        assert (row.cloud_version, row.plugins) == ("2024.2", {"mtoa": "5.4.2"})

    def test_two_rows_for_the_same_jobs_are_refused(self, refusal):
        row = self.ROW.format(cloud="2024", renderer="arnold")
        text = refusal(row + row.replace('"arnold"', '"Arnold"'))
        assert "burst.software[1]: it is for the same jobs as row 0; keep one of them" in text
        assert "'cloud_version' is missing" in refusal(
            '[[burst.software]]\ndcc = "maya"\nversion = "2024"\n'
        )


class TestDocument:
    def test_it_can_be_read_again(self, read):
        config = read(
            '[money]\nprice_per_hour = 0.000001\ncurrency = "USD"\n'
            '[paths]\nroots = ["a"]\nmapping = [{stored = "X:/a", local = "b"}]\n'
            '[overflow]\ndccs = ["maya"]\n'
        )
        document = config.as_document()
        assert schema.problems("config.json", document) == ()
        assert document["money"] == {
            "price_per_hour": "0.000001",
            "currency": "USD",
            "prices": [],
            "budgets": [],
            "warn_share": 0.8,
            "hard_share": 1.2,
        }
        text = "\n".join(
            f"{section}.{key} = {_toml(value)}"
            for section, table in document.items()
            for key, value in table.items()
        )
        assert read(text) == config

    def test_tables_of_money_can_be_read_again(self, read):
        config = read(
            '[money]\ncurrency = "USD"\n'
            '[[money.prices]]\nprice_per_hour = "1.50"\nmodel = "28C"\n'
            '[[money.budgets]]\namount = 9\nuser = "*"\nperiod = "day"\n'
        )
        document = config.as_document()
        assert document["money"]["budgets"] == [
            {"amount": "9", "period": "day", "user": "*", "project": ""}
        ]
        assert document["money"]["prices"] == [
            {"price_per_hour": "1.50", "model": "28C", "ram": 0, "gpus": -1}
        ]
        assert schema.problems("config.json", document) == ()

    def test_it_shows_every_key(self, read):
        document = read(
            '[cloud]\nca_bundle="studio.pem"\n'
            '[farm]\nca_bundle="studio.pem"\ncredentials_file="farm.toml"\n'
            "[burst]\nurgent_priority=80\n"
            "[money]\nprice_per_hour=1\nbudget=1\n"
            "budget_day=1\nbudget_month=1\nbudget_job=1\n"
            'options_price_per_hour=1\ncurrency="CNY"\n'
        ).as_document()
        assert {f"{name}.{key}" for name, table in document.items() for key in table} == set(RULES)


def _toml(value):
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key} = {_toml(item)}' for key, item in value.items())}}}"
    return json.dumps(value)


TABLE = """
[burst]
{asked}
[money]
price_per_hour = "1"
currency = "USD"
[[money.prices]]
price_per_hour = "2"
model = "28C"
[[money.prices]]
price_per_hour = "3"
model = "28C"
ram = 128
[[money.prices]]
price_per_hour = "4"
gpus = 2
"""


class TestPrices:
    @pytest.mark.parametrize(
        ("asked", "price"),
        [
            ("", 1),
            ('hardware_model = "64C"', 1),
            ('hardware_model = "28C"', 2),
            ('hardware_model = "28C"\nhardware_ram = 64', 2),
            ('hardware_model = "28C"\nhardware_ram = 128', 3),
            ("hardware_gpus = 2", 4),
            ('hardware_model = "28C"\nhardware_ram = 128\nhardware_gpus = 2', 3),
        ],
    )
    def test_the_row_that_names_most_of_what_is_asked_for_holds(self, read, asked, price):
        assert read(TABLE.format(asked=asked)).price_per_hour == Money(Decimal(price), "USD")

    @pytest.mark.parametrize("key", ["budgets", "prices"])
    def test_a_table_of_amounts_needs_a_currency(self, refusal, key):
        name = {"budgets": "amount", "prices": "price_per_hour"}[key]
        text = refusal(f"[[money.{key}]]\n{name} = 9\n")
        assert f"money.{key}: 'currency' is missing, which it needs" in text


class TestSecrets:
    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.text("aZ0@:/?#[] &=%\n", max_size=20))
    def test_the_password_of_a_database_never_shows(self, read, text):
        password = f"Pw9{text}9wP"
        for url in (
            f"postgresql://user:{password}@host/db",
            f"mysql://user:{password}@host/db",
            f"postgresql://host/db?user=a&password={password.replace('&', '')}",
        ):
            for toml in (f"[store]\nurl = {json.dumps(url)}", f"store = {json.dumps(url)}"):
                try:
                    config = read(toml)
                except ConfigError as error:
                    shown = str(error)
                else:
                    assert config.store.url == url
                    shown = f"{config!r} {json.dumps(config.as_document())}"
                assert "Pw9" not in shown
                assert "9wP" not in shown

    @pytest.mark.parametrize(
        "url",
        [
            "http://artist:S3cret@proxy:3128",
            "socks5h://artist:S3cret@proxy:1080",
            "http://S3cret@proxy:3128",
            "socks5://S3cret@proxy:1080",
            "artist:S3cret@proxy:3128",
            "ftp://artist:S3cret@proxy",
            "http://artist:S3cret@pro xy",
            "http://artist:S3cret/@proxy?",
        ],
    )
    def test_the_password_of_a_proxy_never_shows(self, read, url):
        try:
            config = read(f"[cloud]\nproxy = {json.dumps(url)}")
        except ConfigError as error:
            shown = str(error)
        else:
            assert config.cloud.proxy == url
            shown = f"{config!r} {json.dumps(config.as_document())}"
        assert "S3cret" not in shown
        assert "proxy" in shown

    @pytest.mark.parametrize("text", ["{0} = 'S3cret'", "[cloud]\n{0} = 'S3cret'"])
    @pytest.mark.parametrize("key", ["access_id", "access_key"])
    def test_credentials_do_not_belong_in_the_shared_file(self, refusal, folders, text, key):
        sentence = refusal(text.format(key))
        assert f"{key} does not belong in this file" in sentence
        assert str(folders.user_config / "credentials.toml") in sentence
        assert "S3cret" not in sentence

    def test_a_secret_shows_only_when_asked(self):
        secret = Secret("S3cret")
        holder = Credentials("AKID0123456789", secret)
        shown = f"{secret} {secret!r} {holder} {holder!r} {[secret]} {dataclasses.fields(holder)}"
        assert "S3cret" not in shown
        assert "0123456789" not in shown
        assert repr(holder) == "Credentials(access_id='...6789')"
        assert secret.reveal() == "S3cret"

    @pytest.mark.parametrize("key", ["S3cret", Secret("S3cret\n"), Secret("S3\udcffcret")])
    def test_a_key_that_cannot_be_one_is_refused_without_being_quoted(self, key):
        with pytest.raises(ConfigError, match="the access key") as caught:
            Credentials("AKID0123456789", key)
        assert "cret" not in str(caught.value).replace("Secret", "")

    def test_a_short_id_shows_nothing_of_itself(self):
        assert repr(Credentials("1234", Secret("x"))) == "Credentials(access_id='...')"

    @pytest.mark.parametrize("way", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, vars])
    def test_a_secret_is_not_copied_out(self, way):
        with pytest.raises(TypeError):
            way(Secret("S3cret"))


class TestCredentials:
    @pytest.fixture
    def config(self, folders):
        folders.user_config.mkdir()
        return load(env={}, folders=folders)

    def test_they_come_from_the_vendor_s_variables(self, config):
        env = {"RAYVISION_API_ACCESS_ID": "id", "RAYVISION_API_KEY": "key"}
        found = credentials(config, env)
        assert (found.access_id, found.access_key.reveal()) == ("id", "key")

    def test_they_come_from_an_owner_only_file(self, config):
        file = config.cloud.credentials_file
        file.write_text('access_id = "id"\naccess_key = "key"\n')
        file.chmod(0o600)
        found = credentials(config, {})
        assert (found.access_id, found.access_key.reveal()) == ("id", "key")

    def test_the_file_can_be_elsewhere(self, read, tmp_path):
        config = read('[cloud]\ncredentials_file = "keys.toml"\n')
        assert config.cloud.credentials_file == tmp_path / "keys.toml"

    @pytest.mark.skipif(os.name != "posix", reason="about file modes of another system")
    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
    def test_a_file_that_others_may_read_is_refused_with_the_command_that_mends_it(
        self, read, tmp_path, mode
    ):
        config = read('[cloud]\ncredentials_file = "my keys.toml"\n')
        config.cloud.credentials_file.write_text('access_id = "id"\naccess_key = "S3cret"\n')
        config.cloud.credentials_file.chmod(mode)
        with pytest.raises(ConfigError) as caught:
            credentials(config, {})
        assert f"chmod 600 '{tmp_path}/my keys.toml'" in str(caught.value)
        assert "S3cret" not in str(caught.value)

    def test_without_any_both_ways_are_named(self, config):
        with pytest.raises(ConfigError) as caught:
            credentials(config, {})
        for name in ("RAYVISION_API_ACCESS_ID", "RAYVISION_API_KEY", "credentials.toml"):
            assert name in str(caught.value)

    def test_half_of_them_is_refused(self, config):
        with pytest.raises(ConfigError, match="RAYVISION_API_ACCESS_ID in the environment is miss"):
            credentials(config, {"RAYVISION_API_KEY": "S3cret"})

    @pytest.mark.parametrize(
        "text",
        ["", 'access_id = "id"', 'access_id = 5\naccess_key = "S3cret"', "access_id = S3cret"],
    )
    def test_a_file_that_holds_something_else_is_refused_without_quoting_it(self, config, text):
        file = config.cloud.credentials_file
        file.touch(0o600)
        file.write_text(text)
        with pytest.raises(ConfigError, match=r"credentials\.toml") as caught:
            credentials(config, {})
        assert "S3cret" not in str(caught.value)

    @pytest.mark.parametrize("bad", ["S3cret\n", "S3cret key", "S3cret\x00", "S3crét"])
    def test_a_key_that_no_service_gave_out_is_refused_without_quoting_it(self, config, bad):
        with pytest.raises(ConfigError, match="RAYVISION_API_KEY in the environment") as caught:
            credentials(config, {"RAYVISION_API_ACCESS_ID": "id", "RAYVISION_API_KEY": bad})
        assert "S3cr" not in str(caught.value)


class TestFarmLogin:
    @pytest.fixture
    def file(self, tmp_path):
        file = tmp_path / "farm.toml"
        file.touch(0o600)
        file.write_text('user = "ada"\npassword = "S3crét pass"\n')
        return file

    @pytest.fixture
    def config(self, read, file):
        """Return a function from the address of the web service to a Config."""
        return lambda url, more="": read(
            f'[farm]\nurl = "{url}"\ncredentials_file = "{file}"\n{more}'
        )

    def test_where_no_file_is_named_the_service_asks_for_no_password(self, read):
        assert farm_login(read('[farm]\nurl = "http://farm.studio:8082"\n')) is None

    def test_it_comes_from_an_owner_only_file_and_does_not_show(self, config):
        settings = config("https://farm.studio:4434")
        found = farm_login(settings)
        assert (found.user, found.password.reveal()) == ("ada", "S3crét pass")
        assert "S3cr" not in f"{found} {found!r} {settings!r} {settings.as_document()}"

    @pytest.mark.parametrize("host", ["127.0.0.1:8082", "localhost:8082", "[::1]:8082"])
    def test_this_host_may_be_told_the_password_as_it_is(self, config, host):
        assert farm_login(config(f"http://{host}")).user == "ada"

    def test_another_host_is_told_it_over_http_only_where_a_person_says_so(self, config):
        with pytest.raises(ConfigError, match="everybody on the way could read the password"):
            farm_login(config("http://farm.studio:8082"))
        allowed = config("http://farm.studio:8082", "plain_password = true\n")
        assert farm_login(allowed).user == "ada"

    @pytest.mark.skipif(os.name != "posix", reason="about file modes of another system")
    def test_a_file_that_others_may_read_is_refused(self, config, file):
        file.chmod(0o640)
        with pytest.raises(ConfigError, match="chmod 600"):
            farm_login(config("https://farm.studio"))

    def test_a_file_that_is_named_must_exist(self, config, file):
        file.unlink()
        with pytest.raises(ConfigError, match=r"farm\.toml, which farm\.credentials_file names"):
            farm_login(config("https://farm.studio"))

    @pytest.mark.parametrize(
        "text",
        ["", 'user = "ada"', 'user = 5\npassword = "S3cret"', 'user = "ada"\npassword = "S3\\n"',
         'user = "a:b"\npassword = "S3cret"'],
    )  # fmt: skip
    def test_a_file_that_holds_something_else_is_refused_without_quoting_it(
        self, config, file, text
    ):
        file.write_text(text)
        with pytest.raises(ConfigError, match=r"farm\.toml") as caught:
            farm_login(config("https://farm.studio"))
        assert "S3" not in str(caught.value)

    def test_a_password_in_the_shared_file_is_refused_without_quoting_it(self, refusal):
        told = refusal('[farm]\npassword = "S3cret"\n')
        assert "farm.credentials_file" in told
        assert "S3cret" not in told


class TestPolicy:
    def test_everything_that_is_wrong_is_told_at_once_with_its_line(self, tmp_path):
        file = tmp_path / "renderbus.toml"
        file.write_text(
            '[overflow]\nenabled = true\nrelief = 0\nwindows = ["Mo 9-17"]\nbacklog = 3\n'
        )
        with pytest.raises(ConfigError) as caught:
            load(file, env={})
        for line, key in ((3, "relief"), (4, "windows"), (5, "backlog")):
            assert f"{file} line {line}: overflow" in str(caught.value)
            assert key in str(caught.value)

    def test_a_time_zone_that_there_is_not_is_refused(self, tmp_path):
        file = tmp_path / "renderbus.toml"
        file.write_text('[overflow]\ntime_zone = "Europe/Babylon"\n')
        with pytest.raises(ConfigError, match=r"line 2: .*no time zone 'Europe/Babylon'"):
            load(file, env={})
        file.write_text('[overflow]\ntime_zone = "Europe/Berlin"\n')
        assert load(file, env={}).overflow.time_zone == "Europe/Berlin"
