# Ends the processes it was told of when the program that started them is gone, however that ended.
#
# Standard input brings one line per process, "pid start-time signal"; it closes when the owner is gone. A process is
# ended with its children. The start time tells it from a stranger that has its id now. Of one that has ended itself, what
# is left of its process group is ended. $1, if not empty, is a folder to delete at the end.

trap '' HUP INT TERM

watched=
while read -r pid started signal; do
    watched="$watched $pid:$started:$signal"
done

# Where everything that was started works.
home=${0%/*}

# Sets state, parent, group and started of process $1; fails if it does not run.
look_up() {
    { read -r line < "/proc/$1/stat"; } 2> /dev/null || return 1
    # The program's name, in parentheses, may hold spaces; after it come the fields from the third on.
    set -- ${line##*) }
    state=$1 parent=$2 group=$3 started=${20}
    [ "$state" != Z ]
}

runs() {
    look_up "$1" && [ "$started" = "$2" ]
}

# Whether process $1, last looked up, outlived the leader $2 of its group. Once a group is empty, its id may be a
# stranger's; so it must work in our folder too.
is_left_of() {
    [ "$group" = "$2" ] || return 1
    case $(readlink "/proc/$1/cwd")/ in
        "$home"/*) ;;
        *) return 1 ;;
    esac
}

victims=
for entry in $watched; do
    pid=${entry%%:*} rest=${entry#*:}
    expected=${rest%%:*} signal=${rest#*:}
    leader=
    runs "$pid" "$expected" && leader=$pid
    children=
    for folder in /proc/[0-9]*; do
        child=${folder#/proc/}
        look_up "$child" || continue
        if [ "$parent" = "$leader" ] || { [ -z "$leader" ] && is_left_of "$child" "$pid"; }; then
            children="$children $child"
            victims="$victims $child:$started"
        fi
    done
    if [ -n "$leader" ]; then
        victims="$victims $pid:$expected"
        kill -s "$signal" "$pid"
    fi
    [ -z "$leader" ] || [ "$signal" = KILL ] && kill -s KILL $children
    # A halted process takes no signal but SIGKILL.
    kill -s CONT $leader $children
done 2> /dev/null

any_runs() {
    for victim in $victims; do
        runs "${victim%%:*}" "${victim#*:}" && return
    done
    return 1
}

patience=100
while [ "$patience" -gt 0 ] && any_runs; do
    sleep 0.1
    patience=$((patience - 1))
done
for victim in $victims; do
    runs "${victim%%:*}" "${victim#*:}" && kill -s KILL "${victim%%:*}"
done 2> /dev/null

[ -n "$1" ] && rm -rf -- "$1"
