# What the scripts of this folder share; sourced, never run.
#
# A run folder (`home`) holds everything one cluster on this machine needs:
#
#     cluster.env         where everything listens, KEY=VALUE; the `muster` command reads it too
#     keys/               NAME.key (secret), NAME.key.pub, and `allowed`: all public keys, one a line
#     NAME/               one folder per process (redis, coordinator, worker-1, ...): pid, log, data/

set -euo pipefail
shopt -s extglob nullglob
umask 077

cluster=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$cluster")
bin=${MUSTER_BIN:-$root/.build/release}
home=${MUSTER_HOME:-.muster}
wait_seconds=30

# What would point the `muster` command at another cluster than the one in the run folder.
unset MUSTER_COORDINATOR MUSTER_KEY_FILE MUSTER_SERVER_KEY

say() { printf '%s\n' "$*" >&2; }
fail() { say "${0##*/}: $*"; exit 1; }
wrong() { say "${0##*/}: $*"; exit 2; }

# Makes `home` absolute; processes and settings must not depend on where the shell stands.
enter_home() {
    if [[ ${1:-} == create ]]; then mkdir -p "$home"; fi
    [[ -d $home ]] || fail "there is no run folder $home; cluster/up makes one"
    home=$(cd "$home" && pwd -P)
    export MUSTER_HOME=$home
}

# One script at a time changes a run folder. Whoever is started must not inherit the lock: see `start_process`.
lock_home() {
    exec 9>"$home/.lock"
    flock -w 180 9 || fail "another script has been working in $home for 180 s"
}

recorded() { # KEY
    local line
    [[ -f $home/cluster.env ]] || return 0
    while IFS= read -r line; do
        if [[ $line == "$1="* ]]; then
            line=${line#*=}
            [[ $line == \"*\" ]] && line=${line:1:-1}
            printf '%s\n' "$line"
            return
        fi
    done <"$home/cluster.env"
}

# The pid of a process of ours, if it is alive. A pid file can outlive its process and the number can be given to
# a stranger: ours has its own data folder among its arguments.
running() { # NAME
    local pid
    [[ -f $home/$1/pid ]] || return 1
    pid=$(<"$home/$1/pid")
    [[ $pid == +([0-9]) ]] || return 1
    # A process that is just replacing itself (exec) shows no arguments for a moment.
    for _ in 1 2 3; do
        if grep -zxqF -- "$home/$1/data" "/proc/$pid/cmdline" 2>/dev/null; then
            printf '%s\n' "$pid"
            return
        fi
        kill -0 "$pid" 2>/dev/null || return 1
        sleep 0.02
    done
    return 1
}

names_of_workers() {
    local folder
    for folder in "$home"/worker-+([0-9])/; do basename "$folder"; done | sort -t- -k2n
}

# Starts one process, in its own session so that it outlives the shell, and writes down its pid.
start_process() { # NAME
    local name=$1 folder=$home/$1 command workers threads
    case $name in
    redis)
        # --set-proc-title no: `running` looks at the arguments. Without it Redis writes over them.
        command=(redis-server --bind 127.0.0.1 --port "$(recorded MUSTER_REDIS | sed 's/.*://')"
            --dir "$folder/data" --appendonly yes --appendfsync everysec --save '' --daemonize no
            --set-proc-title no)
        ;;
    coordinator)
        command=("$bin/muster-coordinator" --config "$cluster/coordinator.conf"
            --endpoint "$(recorded MUSTER_COORDINATOR)" --http-port "$(recorded MUSTER_HTTP | sed 's/.*://')"
            --data "$folder/data" --key-file "$home/keys/coordinator.key" --allowed-keys "$home/keys/allowed")
        ;;
    worker-+([0-9]))
        workers=$(recorded MUSTER_WORKERS)
        threads=$(($(nproc) / workers))
        command=("$bin/muster-worker" --config "$cluster/worker.conf" --name "$name"
            --coordinator "$(recorded MUSTER_COORDINATOR)" --redis "$(recorded MUSTER_REDIS)"
            --data "$folder/data" --key-file "$home/keys/$name.key" --server-key "$home/keys/coordinator.key.pub"
            --threads $((threads > 0 ? threads : 1)))
        ;;
    *) fail "there is no process $name; there are redis, coordinator, worker-1, worker-2, ..." ;;
    esac
    mkdir -p "$folder/data"
    (cd "$folder" && exec setsid "${command[@]}" </dev/null >>"$folder/log" 2>&1 9>&-) &
    echo $! >"$folder/pid"
    # Between fork and exec it still looks like this script.
    until running "$name" >/dev/null || ! kill -0 $! 2>/dev/null; do sleep 0.01; done
}

# Ends the named processes together: asks, waits, and only then kills.
stop_processes() { # NAME...
    local name pid deadline=$((SECONDS + wait_seconds)) killed
    for name; do
        if pid=$(running "$name"); then kill -TERM "$pid" 2>/dev/null || true; fi
    done
    for name; do
        killed=
        while pid=$(running "$name"); do
            if ((SECONDS >= deadline)) && [[ -z $killed ]]; then
                say "$name (process $pid) has not stopped within $wait_seconds s; killing it"
                kill -KILL "$pid" 2>/dev/null || true
                killed=yes
            elif ((SECONDS >= deadline + 10)); then
                fail "$name (process $pid) does not even stop when killed"
            fi
            sleep 0.1
        done
        rm -f "$home/$name/pid"
    done
}

# Whether something listens at HOST:PORT.
answers() { (exec 3<>"/dev/tcp/${1%:*}/${1##*:}") 2>/dev/null; }

show_log() { # NAME
    [[ -s $home/$1/log ]] || return 0
    say "--- the end of $home/$1/log"
    tail -n 15 "$home/$1/log" | cut -c 1-400 >&2
}

# Status of the cluster in JSON; fails when the coordinator does not answer soon. What the command complained of last
# is kept in the run folder: it must come to complain by itself, before it is ended.
status_json() { timeout 10 "$bin/muster" status --json --wait 5 2>"$home/.complaint"; }

# The rows under KEY of the status: flat objects, so that they end at the first closing bracket.
status_rows() { # STATUS KEY
    local text=${1//$'\n'/ }
    [[ $text == *\"$2\"*( ):*( )\[* ]] || return 0
    text=${text#*\"$2\"*( ):*( )\[}
    printf '%s\n' "${text%%]*}"
}

# Whether the coordinator counts this very process among the living, not one of the same name that is gone.
joined() { # STATUS WORKER
    local pid
    pid=$(running "$2") || return 1
    status_rows "$1" workers | tr '}' '\n' | grep -E '"alive" *: *true' | grep -wE "\"process\" *: *$pid" >/dev/null
}
