# The environment of training on Ascend cards; sourced by the scripts beside this, and harmless without cards.
# A caller that has set one up already says so with etp_running_flag=true.

source_cann() {
  local home=/usr/local/Ascend info=/etc/Ascend/ascend_cann_install.info
  [ -f "$info" ] && home=$(sed -n 's/^Install_Path=//p; s/^Toolkit_InstallPath=//p' "$info" | head -n 1)
  local file
  for file in "$home/ascend-toolkit/set_env.sh" "$home/set_env.sh"; do
    if [ -f "$file" ]; then
      set +u # the file of CANN reads variables that may not be set
      source "$file"
      set -u
      return
    fi
  done
}

if [ "${etp_running_flag:-}" != true ]; then
  source_cann
  if command -v msnpureport >/dev/null; then
    for card in 0 1 2 3 4 5 6 7; do msnpureport -g error -d $card >/dev/null; done
  fi
  # Logs: errors alone, into files.
  export ASCEND_SLOG_PRINT_TO_STDOUT=0 ASCEND_GLOBAL_LOG_LEVEL=3 ASCEND_GLOBAL_EVENT_ENABLE=0
  # Kernels: queued by a thread of their own, combined where that copies less.
  export TASK_QUEUE_ENABLE=1 PTCOPY_ENABLE=1 COMBINED_ENABLE=1 TRI_COMBINED_ENABLE=1 DYNAMIC_OP='ADD#MUL'
  # Communication between cards: no list of allowed hosts, half an hour for a slow start.
  export HCCL_WHITELIST_DISABLE=1 HCCL_CONNECT_TIMEOUT=1800
  ulimit -SHn 512000 2>/dev/null || true # root may raise it
fi
