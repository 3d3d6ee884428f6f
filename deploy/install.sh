#!/usr/bin/env bash
# Lays programs, their libraries, manual pages, completions and the systemd unit under a prefix, and takes them away again.
#   deploy/install.sh [--prefix /opt/twins] [--sysconf /etc] [--units DIR] [--user NAME] [--root DIR]
#   deploy/install.sh --uninstall [the same]
# Runs belong to --user, which must exist; without it the unit runs as root, with no more rights than any user.
set -euo pipefail
# What is laid down is for all to read and for its owner to write, whatever umask somebody works under.
umask 022
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
prefix=/opt/twins sysconf=/etc units=/etc/systemd/system user='' root='' uninstall=false
options=''

usage() { sed -n '2,5s/^# *//p' "${BASH_SOURCE[0]}"; }

fail() {
  printf 'install.sh: %s\n' "$@" >&2
  exit 1
}

while [ $# -gt 0 ]; do
  case $1 in
    --prefix | --sysconf | --units | --user | --root)
      [ -n "${2:-}" ] || fail "$1 needs a value"
      case $1:$2 in
        --user:*) ;;
        *:/*) ;;
        *) fail "$1 $2: name a folder from / on" ;;
      esac
      case $2 in *[[:space:]\"\'\\%]*) fail "$1 $2: a unit cannot hold such a name" ;; esac
      printf -v "${1#--}" %s "${2%/}"
      options+=" $1 $2"
      shift 2
      ;;
    --uninstall) uninstall=true && shift ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && fail "$1 is no option" ;;
  esac
done
home=$prefix/lib/twins
list=$root$home/installed

# Every file and every folder that is made is listed, so that exactly those go again. Paths are without --root.
folder() { # PATH
  [ -n "$1" ] && [ ! -d "$root$1" ] || return 0
  folder "${1%/*}"
  mkdir "$root$1" || fail "cannot make $root$1; run as root, or name other folders"
  made+=("$1/")
}

lay() { # MODE SOURCE TARGET
  folder "${3%/*}"
  install -m "$1" "$2" "$root$3" || fail "cannot write $root$3; run as root, or name other folders"
  made+=("$3")
}

# What others may write is not believed: it could name any file of the machine.
check_list() {
  local open
  open=$(find "$root$home" "$list" -maxdepth 0 \( -perm /022 -o -type l -o ! -uid "$(id -u)" ! -uid 0 \))
  [ -z "$open" ] || fail "${open%%$'\n'*} can be changed by others, so what it lists is not deleted" \
    "look through $list, then: chmod go-w $root$home $list"
  while read -r path; do
    case $path/ in
      */../*) ;;
      "$prefix"/* | "$sysconf"/* | "$units"/*) continue ;;
      *) # The folders above were made too, where they were not there.
        case $prefix/:$sysconf/:$units/ in *"$path"*) [ "${path: -1}" = / ] && continue ;; esac
        ;;
    esac
    fail "$list names $path, which is nothing that was installed; nothing is deleted"
  done <"$list"
}

remove_installed() {
  [ -f "$list" ] || fail "nothing is installed under $root$prefix: there is no $list"
  check_list
  # Backwards: a folder was made before what lies in it. One that holds other things by now stays.
  tac "$list" >"$scratch/list"
  rm -f "$list"
  while read -r path; do
    case $path in
      */) rmdir "$root$path" 2>/dev/null || true ;;
      *) rm -f "$root$path" ;;
    esac
  done <"$scratch/list"
}

# What the programs load that a bare Debian with the packages of scripts/packages does not have: Swift's own libraries,
# and libtorch's with all that lie beside them, since some are opened by name only.
libraries() {
  local needed
  needed=$(ldd "$checkout"/.build/release/twins-{worker,launch,page} | awk '$3 ~ /^\// && $3 !~ /^\/(usr\/)?lib/ { print $3 }')
  {
    echo "$needed"
    grep -v /swift/ <<<"$needed" | xargs -r -n 1 dirname | sort -u | while read -r beside; do
      find -L "$beside" -maxdepth 1 -name 'lib*.so*' ! -name 'libtorch_python*' ! -name 'libshm*' ! -name '*_test.so' \
        ! -name libaoti_custom_ops.so ! -name libbackend_with_compiler.so # of PyTorch's own tests too
    done
  } | awk -F/ '!seen[$NF]++'
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if $uninstall; then
  remove_installed
  echo "removed what was installed under $root$prefix; runs and their own .env files stay"
  exit 0
fi

for program in twins-launch twins-worker twins-page; do
  [ -x "$checkout/.build/release/$program" ] || fail "$program is not built: run make build first"
  if ldd "$checkout/.build/release/$program" | grep -q 'not found'; then
    fail "$program does not find its libraries: run make build first"
  fi
done
[ -z "$user" ] || id "$user" >/dev/null 2>&1 || fail "there is no user $user: adduser --system --group $user"
[ -f "$list" ] && remove_installed

made=()
# Even after a failure half-way, --uninstall finds what is there.
trap '[ -d "$root$home" ] && printf "%s\n" "${made[@]}" >"$list"; rm -rf "$scratch"' EXIT
folder "$home"

# Programs look for libraries in their own folder, so all lie together; bin/ has links.
folder "$prefix/bin"
for program in twins-launch twins-worker twins-page; do
  lay 755 "$checkout/.build/release/$program" "$home/$program"
  # They also name the folders of the machine that built them. Nothing is missed there, and nothing is to be found.
  ! command -v patchelf >/dev/null || patchelf --set-rpath '$ORIGIN' "$root$home/$program"
  ln -sfn "../lib/twins/$program" "$root$prefix/bin/$program"
  made+=("$prefix/bin/$program")
done
libraries >"$scratch/libraries"
while read -r library; do lay 644 "$library" "$home/${library##*/}"; done <"$scratch/libraries"
"$checkout/scripts/manual" "$scratch/share"
while read -r page; do lay 644 "$scratch/share/$page" "$prefix/share/$page"; done < <(cd "$scratch/share" && find . -type f -printf '%P\n')
lay 644 "$checkout/README.md" "$prefix/share/doc/twins-launch/README.md"

sed -e "s|@PREFIX@|$prefix|g" -e "s|@SYSCONF@|$sysconf|g" -e "s|^#User=@USER@|${user:+User=$user}|" \
  "$checkout/deploy/systemd/twins@.service" >"$scratch/unit"
lay 644 "$scratch/unit" "$units/twins@.service"
lay 644 "$checkout/deploy/systemd/example.env" "$sysconf/twins/example.env"

cat <<TEXT
installed under $root$prefix
  try        $prefix/bin/twins-launch --help; with $prefix/bin on PATH, man twins-launch
  complete   source $prefix/share/bash-completion/completions/twins-launch
             (zsh: fpath+=$prefix/share/zsh/site-functions; fish: source …/share/fish/vendor_completions.d/twins-launch.fish)
  a run      cp $sysconf/twins/example.env $sysconf/twins/NAME.env, edit it, then
             systemctl daemon-reload && systemctl start twins@NAME && journalctl -fu twins@NAME
  take away  deploy/install.sh --uninstall$options
TEXT
