# Ends the processes it was told of when the program that started them is gone, however that ended.
#
# Standard input brings one line per process, "pid start-time signal"; it closes when the owner is gone. A process is
# ended with its children. The start time tells it from a stranger that has its id now. $1, if not empty, is a folder to
# delete at the end.

trap '' HUP INT TERM

watched=
while read -r pid started signal; do
    watched="$watched $pid:$started:$signal"
done

# Sets state, parent and started of process $1; fails if it does not run.
look_up() {
    { read -r line < "/proc/$1/stat"; } 2> /dev/null || return 1
    # The program's name, in parentheses, may hold spaces; after it come the fields from the third on.
    set -- ${line##*) }
    state=$1 parent=$2 started=${20}
    [ "$state" != Z ]
}

runs() {
    look_up "$1" && [ "$started" = "$2" ]
}

victims=
for entry in $watched; do
    pid=${entry%%:*} rest=${entry#*:}
    expected=${rest%%:*} signal=${rest#*:}
    runs "$pid" "$expected" || continue
    children=
    for folder in /proc/[0-9]*; do
        child=${folder#/proc/}
        if look_up "$child" && [ "$parent" = "$pid" ]; then
            children="$children $child"
            victims="$victims $child:$started"
        fi
    done
    victims="$victims $pid:$expected"
    kill -s "$signal" "$pid"
    [ "$signal" = KILL ] && kill -s KILL $children
    # A halted process takes no signal but SIGKILL.
    kill -s CONT "$pid" $children
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
