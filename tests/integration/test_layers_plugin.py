"""The plugin: the local stage stays on this machine, wrong presets stop a deploy, one at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lib.tools.emulator import environment

ROOT = Path(__file__).resolve().parents[2]

# As little of `sls` as the plugin sees. Prints the code of the error that it refuses with.
SLS = """
const [, plugin, stage, serviceDir, hook, help, configured = '{}', ...param] = process.argv;
const refuse = (error) => { console.log(error.code); console.error(error.message); };
process.on('uncaughtException', refuse);
const Plugin = require(plugin);
const serverless = {
  serviceDir,
  processedInput: { commands: [help === 'remove' ? 'remove' : 'package'] },
  service: {
    layers: { tiny: { path: '.build/layers/host/tiny' }, theirs: { path: '../x/y/z' } },
    ...JSON.parse(configured),
  },
  getProvider: () => ({ getStage: () => stage }),
  classes: { Error: class extends Error {
    constructor(message, code) { super(message); this.code = code; }
  } },
};
serverless.serviceOutputs = new Map([['endpoints', ['GET - https://abc.execute-api']]]);
serverless.addServiceOutputSection = (name, lines) => serverless.serviceOutputs.set(name, lines);
serverless.pluginManager = { plugins: [{}, { gatheredData: serverless.service }] };
const log = { notice: (line) => console.error(line) };
serverless.configurationInput = serverless.service;
const made = new Plugin(serverless, { help: help === 'help', param }, { log });
const end = () => {
  console.log('passed');
  const shown = JSON.stringify([...serverless.serviceOutputs]);
  if (hook.startsWith('after:aws:info')) console.error(shown);
};
Promise.resolve(hook && made.hooks[hook]()).then(end, refuse);
"""

PACKAGE = "before:package:createDeploymentArtifacts"


def start_plugin(
    stage: str, folder: Path, hook: str = "", *options: str, **env: str
) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.Popen(
        ["node", "-e", SLS, ROOT / "layers" / "plugin.js", stage, folder, hook, *options],
        cwd=folder,
        env=kept | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_plugin(
    stage: str, folder: Path, hook: str = "", *options: str, **env: str
) -> subprocess.CompletedProcess[str]:
    with start_plugin(stage, folder, hook, *options, **env) as process:
        stdout, stderr = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def serve_folder(folder: Path, presets: str) -> Path:
    """Return a service's folder whose layer builder prints its arguments."""
    (folder / "presets.toml").write_text(presets)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    (folder / "lib").symlink_to(ROOT / "lib")
    (folder / "layers").mkdir()
    (folder / "layers" / "file_lock.py").symlink_to(ROOT / "layers" / "file_lock.py")
    (folder / "layers" / "build.py").write_text("import sys; print('build', *sys.argv[1:])")
    return folder


@pytest.mark.parametrize(
    "endpoint",
    ["http://127.0.0.1:4566", "http://127.9.9.9:1", "http://localhost:4566", "http://[::1]:4566"],
)
def test_the_local_stage_takes_an_endpoint_on_this_machine(tmp_path, endpoint):
    assert run_plugin("local", tmp_path, AWS_ENDPOINT_URL=endpoint).stdout == "passed\n"


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "127.0.0.1:4566",
        "https://s3.amazonaws.com",
        "http://127.0.0.1.example.com",
        "http://127.0.0.1@example.com",
        "http://10.0.0.1:4566",
        "http://0.0.0.0:4566",
        "file://localhost/x",
    ],
)
def test_the_local_stage_refuses_any_other_endpoint_and_says_what_to_do(tmp_path, endpoint):
    refused = run_plugin("local", tmp_path, AWS_ENDPOINT_URL=endpoint)
    assert refused.stdout == "LOCAL_STAGE_NEEDS_EMULATOR\n"
    assert "npm run demo -- --keep" in refused.stderr
    assert endpoint in refused.stderr


@pytest.mark.parametrize(
    "variable",
    [
        {"AWS_ENDPOINT_URL_S3": "https://s3.amazonaws.com"},
        {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
    ],
)
def test_the_local_stage_refuses_what_overrides_its_endpoint(tmp_path, variable):
    refused = run_plugin("local", tmp_path, AWS_ENDPOINT_URL="http://127.0.0.1:4566", **variable)
    assert refused.stdout == "LOCAL_STAGE_NEEDS_EMULATOR\n"
    assert next(iter(variable)) in refused.stderr


PROXIES = ("proxy", "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY")
PRINT_PROXIES = f"import os; print(*sorted(os.environ.keys() & set({PROXIES})))"


@pytest.mark.parametrize(
    ("stage", "given", "seen"),
    [
        ("local", PROXIES, ()),
        ("local", tuple(environment.ASIDE + name for name in PROXIES), ()),
        ("prod", PROXIES, PROXIES),
    ],
)
def test_of_the_local_stage_only_what_fetches_packages_sees_the_proxies(
    tmp_path, stage, given, seen
):
    folder = serve_folder(tmp_path, (ROOT / "presets.toml").read_text())
    (folder / "lib").unlink()
    (folder / "lib" / "presets").mkdir(parents=True)
    for script in ("lib/presets/__main__.py", "layers/build.py"):
        (folder / script).write_text(PRINT_PROXIES)
    variables = dict.fromkeys(given, "http://proxy.test")
    endpoint = "http://127.0.0.1:4566"
    packaged = run_plugin(stage, folder, PACKAGE, AWS_ENDPOINT_URL=endpoint, **variables)
    checked, built = packaged.stderr.splitlines()
    assert checked.split() == sorted(seen)
    assert built.split() == sorted(PROXIES)


@pytest.mark.parametrize("stage", ["local", "prod"])
@pytest.mark.parametrize(("key", "seen"), [("LOCAL0A1B", "none"), ("AKIA0A1B", "mine")])
def test_whoever_has_an_emulators_keys_has_no_profile(tmp_path, stage, key, seen):
    folder = serve_folder(tmp_path, (ROOT / "presets.toml").read_text())
    build = "import os; print(os.environ.get('AWS_PROFILE', 'none'))"
    (folder / "layers" / "build.py").write_text(build)
    env = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "AWS_ACCESS_KEY_ID": key}
    packaged = run_plugin(stage, folder, PACKAGE, **env, AWS_PROFILE="mine")
    assert packaged.stderr == f"{seen}\n"


def test_other_stages_and_help_need_no_endpoint(tmp_path):
    assert run_plugin("prod", tmp_path).stdout == "passed\n"
    assert run_plugin("local", tmp_path, "", "help").stdout == "passed\n"


@pytest.mark.parametrize("stage", ["dev", "pr-42", "7", "a" * 24, "a--b"])
def test_a_stage_that_fits_into_a_bucket_name_is_taken(tmp_path, stage):
    assert run_plugin(stage, tmp_path).stdout == "passed\n"


@pytest.mark.parametrize(
    "stage", ["QA", "Qa", "a" * 25, "a" * 26, "a_b", "a.b", "-a", "a-", "ä", "a b", "a\n"]
)
def test_any_other_stage_is_refused_with_the_reason_and_a_way_out(tmp_path, stage):
    refused = run_plugin(stage, tmp_path)
    assert refused.stdout == "STAGE_NAME\n"
    assert "lower-case letters, digits and hyphens" in refused.stderr
    assert "at most 24" in refused.stderr
    assert f"received {stage}" in refused.stderr
    assert "--stage qa-2" in refused.stderr


def test_what_a_wrong_name_left_behind_can_be_removed(tmp_path):
    assert run_plugin("a" * 26, tmp_path, "", "remove").stdout == "passed\n"


def service(target: str, **function: str) -> str:
    layers = {"tiny": {"path": f".build/layers/{target}/tiny"}}
    provider = {"architecture": "arm64", "runtime": "python3.13"}
    return json.dumps({"layers": layers, "provider": provider, "functions": {"resize": function}})


@pytest.mark.parametrize(
    ("target", "function"),
    [
        ("arm64-py3.13", {}),
        ("x86_64-py3.13", {"architecture": "x86_64"}),
        ("arm64-py3.14", {"runtime": "python3.14"}),
    ],
)
def test_layers_for_the_functions_processor_and_python_are_taken(tmp_path, target, function):
    folder = serve_folder(tmp_path, (ROOT / "presets.toml").read_text())
    packaged = run_plugin("prod", folder, PACKAGE, "", service(target, **function))
    assert (packaged.stdout, packaged.stderr) == ("passed\n", f"build --target {target} tiny\n")


@pytest.mark.parametrize(
    ("target", "function"),
    [
        ("x86_64-py3.13", {}),
        ("arm64-py3.13", {"architecture": "x86_64"}),
        ("arm64-py3.12", {}),
        ("arm64-py3.13", {"runtime": "python3.12"}),
        ("host", {}),
    ],
)
def test_layers_for_another_processor_or_python_are_refused(tmp_path, target, function):
    folder = serve_folder(tmp_path, (ROOT / "presets.toml").read_text())
    refused = run_plugin("prod", folder, PACKAGE, "", service(target, **function))
    assert refused.stdout == "LAYERS_DO_NOT_FIT\n"
    assert f"resize runs on {function.get('architecture', 'arm64')}" in refused.stderr
    assert f"its layers are built for {target}" in refused.stderr


def test_the_emulator_runs_layers_of_the_host_whatever_the_architecture(tmp_path):
    folder = serve_folder(tmp_path, (ROOT / "presets.toml").read_text())
    endpoint = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}
    packaged = run_plugin("local", folder, PACKAGE, "", service("host"), **endpoint)
    assert packaged.stdout == "passed\n"


def test_packaging_checks_the_presets_then_builds_the_layers_of_the_service(tmp_path):
    folder = serve_folder(tmp_path, (ROOT / "presets.toml").read_text())
    packaged = run_plugin("prod", folder, PACKAGE)
    assert packaged.stdout == "passed\n"
    assert packaged.stderr == "build --target host tiny\n"


@pytest.mark.parametrize("hook", [PACKAGE, "before:package:function:package"])
def test_packaging_stops_at_wrong_presets_with_file_table_and_key(tmp_path, hook):
    presets = (ROOT / "presets.toml").read_text().replace("h264 = 21", "h264 = 99")
    refused = run_plugin("prod", serve_folder(tmp_path, presets), hook)
    assert refused.stdout == "PRESETS_INVALID\n"
    assert "presets.toml, [default.video], crf: expected a" in refused.stderr


def test_packaging_stops_where_a_layer_cannot_be_built(tmp_path):
    folder = serve_folder(tmp_path, (ROOT / "presets.toml").read_text())
    (folder / "layers" / "build.py").write_text("raise SystemExit('tiny has no wheel')")
    refused = run_plugin("prod", folder, PACKAGE)
    assert (refused.stdout, refused.stderr) == ("LAYER_BUILD_FAILED\n", "tiny has no wheel\n")


def test_one_sls_waits_for_another_in_the_same_folder(tmp_path):
    folder = serve_folder(tmp_path, (ROOT / "presets.toml").read_text())
    with subprocess.Popen(
        [sys.executable, ROOT / "layers" / "file_lock.py", folder / ".build" / "sls.lock"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "taken\n"
        with start_plugin("prod", folder, "before:package:cleanup") as second:
            assert second.stderr is not None
            assert second.stderr.readline() == "Waiting for another sls in this folder to end\n"
            assert second.poll() is None
            first.kill()
            assert second.communicate() == ("passed\n", "")
    assert run_plugin("prod", folder, "before:package:cleanup").stderr == ""


DEFAULTS = {"dollars": 2, "layers": "host", "backup": False, "apiAuth": "iam"}
PARAMS = {"params": {"default": DEFAULTS, "qa": {"dollars": 3, "extra": 1}}}


@pytest.mark.parametrize(
    ("stage", "given", "reason"),
    [
        ("qa", "dollars=abc", "a whole number for the param dollars but received abc"),
        ("qa", "dollars=-1", "a whole number for the param dollars but received -1"),
        ("qa", "dollars=2.5", "a whole number for the param dollars but received 2.5"),
        ("qa", "backup=yes", "true or false for the param backup but received yes"),
        ("qa", "dolars=2", "received dolars: did you mean dollars?"),
        ("qa", "apiauht=jwt", "received apiauht: did you mean apiAuth?"),
        ("qa", "price=2", "received price: it has apiAuth, backup, dollars, extra"),
        ("dev", "extra=2", "received extra: it has apiAuth, backup, dollars, layers"),
        ("qa", "apiAuth=none", "iam or jwt for the param apiAuth but received none"),
        ("local", "apiAuth=no", "iam, jwt or none for the param apiAuth but received no"),
    ],
)
def test_a_param_that_cannot_be_meant_is_refused(tmp_path, stage, given, reason):
    folder = serve_folder(tmp_path, "")
    endpoint = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}
    refused = run_plugin(stage, folder, PACKAGE, "", json.dumps(PARAMS), given, **endpoint)
    assert refused.stdout == "WRONG_PARAM\n"
    assert reason in refused.stderr


def test_params_of_the_file_are_checked_too(tmp_path):
    params = {"params": {"default": {"dollars": 2}, "qa": {"dollars": "two"}}}
    refused = run_plugin("qa", serve_folder(tmp_path, ""), PACKAGE, "", json.dumps(params))
    assert refused.stdout == "WRONG_PARAM\n"


@pytest.mark.parametrize("hook", [PACKAGE, "before:package:function:package"])
@pytest.mark.parametrize("functions", [{"gallery": {}}, {}])
def test_the_gallerys_page_is_built_where_a_stage_has_one(tmp_path, hook, functions):
    folder = serve_folder(tmp_path, (ROOT / "presets.toml").read_text())
    service = {
        "functions": functions,
        "provider": {"runtime": "python3.13", "architecture": "arm64"},
        "layers": {},
    }
    packaged = run_plugin("qa", folder, hook, "", json.dumps(service))
    assert packaged.stdout == "passed\n"
    assert ("built the gallery's page" in packaged.stderr) == ("gallery" in functions)


def test_a_param_that_fits_passes_on(tmp_path):
    folder = serve_folder(tmp_path, "")
    given = ("dollars=7", "layers=host", "backup=true", "apiAuth=iam")
    passed = run_plugin("qa", folder, PACKAGE, "", json.dumps(PARAMS), *given)
    assert "WRONG_PARAM" not in passed.stdout


@pytest.mark.parametrize("stage", ["local", "prod"])
def test_sls_shows_where_a_stage_can_be_reached(tmp_path, stage):
    outputs = {
        "UploadsBucket": "media-in",
        "ApiUrl": "https://a.example/",
        "ServerlessDeploymentBucketName": "zips",
        "HttpApiUrl": "https://abc.execute-api",
        "ImageQueue": "https://sqs.example/1/q",
    }
    pairs = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
    endpoint = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}
    hook, given = "after:aws:info:displayStackOutputs", json.dumps({"outputs": pairs})
    shown = json.loads(run_plugin(stage, tmp_path, hook, "", given, **endpoint).stderr)
    addresses = ["addresses", ["ApiUrl: https://a.example/", "UploadsBucket: media-in"]]
    endpoints = [] if stage == "local" else [["endpoints", ["GET - https://abc.execute-api"]]]
    assert shown == [*endpoints, addresses]


def test_a_stack_without_outputs_shows_no_addresses(tmp_path):
    hook = "after:aws:info:displayStackOutputs"
    shown = run_plugin("prod", tmp_path, hook, "", json.dumps({"outputs": []}))
    assert "addresses" not in shown.stderr
