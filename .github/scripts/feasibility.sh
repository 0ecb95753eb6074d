#!/usr/bin/env bash
# What action.yml does, so that it can be tested without GitHub: `install` brings poc, `check` runs it and says how it
# ended. Everything that comes from a caller arrives in variables; none of it is ever read as a command.
# Written for bash 3.2, which macOS has: there an empty array counts as unset, hence ${words[@]+"${words[@]}"}.
set -euo pipefail

readonly PACKAGE=poc-durable-objects

fail() {
  echo "::error title=poc::$1"
  exit 2
}

# A workflow command ends with its line, so that a name with a line end in it could begin another one.
output() {
  case $2 in *$'\n'*|*$'\r'*) fail "the output $1 has a line end in it";; esac
  printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"
}

warn_of_foreign_code() {
  if [ "${GITHUB_EVENT_NAME:-}" = pull_request_target ]; then
    echo "::warning title=poc::this workflow runs on pull_request_target, where a worker and scenarios from a fork would" \
      "run with the secrets and the write token of this repository; use pull_request instead"
  fi
}

install() {
  warn_of_foreign_code
  local home="$RUNNER_TEMP/poc-venv" wanted=${POC_VERSION_INPUT:-} key
  "$POC_PYTHON" -m venv --clear "$home"
  local pip=("$home/bin/python" -m pip --disable-pip-version-check --quiet install)
  if [ -n "$wanted" ]; then
    [[ $wanted =~ ^[0-9]+(\.[0-9]+)*((a|b|rc)[0-9]+)?(\.(post|dev)[0-9]+)?$ ]] ||
      fail 'the input "version" is no version of a release, such as 1.2.0'
    "${pip[@]}" "$PACKAGE==$wanted"
    key=$wanted
  else
    # the builder first: constraints do not reach the environment that pip would build in by itself
    "${pip[@]}" -c "$GITHUB_ACTION_PATH/constraints.txt" hatchling
    "${pip[@]}" -c "$GITHUB_ACTION_PATH/constraints.txt" --no-build-isolation "$GITHUB_ACTION_PATH"
    # poc keeps a runtime by the lock that it was installed from
    key=$("$home/bin/python" -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest())' \
      "$GITHUB_ACTION_PATH/worker/package-lock.json")
  fi
  output bin "$home/bin"
  output cache-key "poc-runtime-$RUNNER_OS-$RUNNER_ARCH-$key"
}

# Splits at white space into `words`; neither quotes nor wildcards mean anything.
split() {
  words=()
  IFS=$' \t\r\n' read -r -d '' -a words <<<"$1" || true
}

# Prints the verdict of run.json, `error` if it is missing or cannot be read.
judged() {
  "$POC_BIN/python" -c '
import json, sys
try:
    verdict = json.load(open(sys.argv[1], encoding="utf-8"))["verdict"]
except (OSError, ValueError, KeyError, TypeError):
    verdict = None
print(verdict if verdict in ("held", "unknown", "refuted", "error") else "error")' "$1/run.json"
}

of_exit_code() {
  case $1 in 0) echo held ;; 1) echo refuted ;; 4) echo unknown ;; *) echo error ;; esac
}

# The worse of two verdicts: a gate may fail a run that held, and an option may forgive one that is unknown.
worse() {
  local verdict
  for verdict in error refuted unknown; do
    if [ "$1" = "$verdict" ] || [ "$2" = "$verdict" ]; then
      echo "$verdict"
      return
    fi
  done
  echo held
}

# Writes the reports of scenarios that were named; `poc check` does it by itself. None of them changes the verdict.
report_on() {
  local form
  [ -d "$1/latest" ] || return 0
  for form in html github; do
    "$POC_BIN/poc" report "$1/latest" --format "$form" ||
      echo "::warning title=poc::the report in the form $form could not be written"
  done
}

check() {
  local results latest code=0 verdict evidence="" report="" words scenarios options each
  cd -- "${POC_DIRECTORY_INPUT:-.}" || fail 'the input "working-directory" is no folder of the workspace'
  # a folder of its own, so that a run of yesterday is never taken for this one
  results=$(mktemp -d "$RUNNER_TEMP/poc-results-XXXXXXXX")
  split "${POC_SCENARIOS_INPUT:-}"
  scenarios=(${words[@]+"${words[@]}"})
  split "${POC_ARGS_INPUT:-}"
  options=(--results "$results" ${words[@]+"${words[@]}"})
  split "${POC_CONFIG_INPUT:-}"
  for each in ${words[@]+"${words[@]}"}; do options+=(--config "$each"); done
  case ${POC_TARGET_INPUT:-local} in local) ;; *) options+=(--target "$POC_TARGET_INPUT") ;; esac
  if [ ${#scenarios[@]} -eq 0 ]; then
    "$POC_BIN/poc" check "${options[@]}" || code=$?
  else
    "$POC_BIN/poc" run "${options[@]}" -- "${scenarios[@]}" || code=$?
    report_on "$results"
  fi
  verdict=$(of_exit_code "$code")
  if [ -d "$results/latest" ]; then
    latest=$(cd "$results/latest" && pwd -P)
    rm "$results/latest" # a link would be uploaded as a second copy
    evidence=$results
    verdict=$(worse "$verdict" "$(judged "$latest")")
    [ ! -f "$latest/report.html" ] || report=$latest/report.html
  elif [ "$code" -eq 0 ]; then
    verdict=error code=3 # nothing was run, so nothing has held
    echo "::error title=poc::poc check ended well but left no run behind"
  fi
  output verdict "$verdict"
  output report "$report"
  output evidence "$evidence"
  output artifact "poc-${GITHUB_JOB:-report}-${results##*-}"
  return "$code"
}

case ${1:-} in
  install | check) "$1" ;;
  *) fail "usage: feasibility.sh install|check" ;;
esac
