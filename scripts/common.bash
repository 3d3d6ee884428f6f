# What the scripts beside this share; each sources it first and then runs in the checkout's root.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '%s\n' "$@" >&2; }

die() {
  say "${0##*/}: $1" "${@:2}"
  exit 1
}

# A virtual environment's Python may come without pip; the system's then serves as well.
python_with_pip() {
  local python
  for python in python3 /usr/bin/python3; do
    "$python" -c 'import pip' 2>/dev/null && echo "$python" && return
  done
  return 1
}

# Runs a command as one line with the time it took: stage TITLE COMMAND [ARGUMENT…]
# What it prints is shown with V=1, and where it fails; then the line comes again, below it.
stage() {
  local title=$1 output status=0 start=$SECONDS
  shift
  if [ "${V:-0}" != 0 ]; then
    say "$title"
    "$@" >&2 || status=$?
    [ $status = 0 ] || say "$title: failed after $(duration $((SECONDS - start)))"
    return $status
  fi
  output=$(mktemp)
  printf '%s … ' "$title" >&2
  "$@" >"$output" 2>&1 || status=$?
  if [ $status = 0 ]; then
    say "$(duration $((SECONDS - start)))"
  else
    say "failed:"
    cat "$output" >&2
    say "$title: failed after $(duration $((SECONDS - start))); V=1 shows everything as it comes"
  fi
  rm -f "$output"
  return $status
}

# Compiles C and C++ so that the first access beyond memory and the first undefined operation end the program.
sanitizers=(-fsanitize=address,undefined -fno-sanitize-recover=all)

# Whole seconds as people say them.
duration() {
  if [ "$1" -lt 60 ]; then echo "$1 s"; else echo "$(($1 / 60)) min $(($1 % 60)) s"; fi
}
