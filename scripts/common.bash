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
