# Rules into the kernel, through iptables-restore or nft. Part of lateen-iptables.

restore_text() { # SAVED: what iptables-restore reads to put the rules in place of those that SAVED shows
  local line table= each
  local -A before=() body=() chains=()
  while read -r line; do
    case $line in
      \**) table=${line#\*} ;;
      :ISTIO_*) line=${line%% *} chains[$table]+=" ${line#:}" ;;
      "-A ISTIO_"*) ;;
      "-A "*" -j ISTIO_"*) before[$table]+="-D ${line#-A }"$'\n' ;;
    esac
  done <<<"$1"
  local -A kept=()
  for each in ${rules[@]+"${rules[@]}"}; do
    read -r table chain line <<<"$each"
    body[$table]+="-A $chain $line"$'\n'
    for each in "$chain" "${line##*-j }"; do
      case ${each%% *} in ISTIO_*)
        kept[$table ${each%% *}]=1
        [[ " ${chains[$table]:-} " == *" ${each%% *} "* ]] || chains[$table]+=" ${each%% *}" ;;
      esac
    done
  done
  for table in raw mangle nat; do
    [ -n "${chains[$table]:-}${before[$table]:-}" ] || continue
    echo "*$table"
    printf '%s' "${before[$table]:-}"
    for each in ${chains[$table]:-}; do echo ":$each - [0:0]"; done # also empties one that exists
    printf '%s' "${body[$table]:-}"
    for each in ${chains[$table]:-}; do [ -n "${kept[$table $each]:-}" ] || echo "-X $each"; done
    echo COMMIT
  done
}

nft_statement() { # FAMILY WORDS…: the same rule in the language of nft
  local ip=ip not= protocol= out=
  [ "$1" = 4 ] || ip=ip6
  shift
  while [ $# -gt 0 ]; do
    local word=$1 value=${2:-}
    shift
    case $word in
      '!') not='!= ' && continue ;;
      -p) protocol=$value out+="meta l4proto $value " ;;
      --dport | --sport) out+="$protocol ${word#--} $not$value " ;;
      --dports) out+="$protocol dport $not{ ${value//,/, } } " ;;
      -d) out+="$ip daddr $not$value " ;;
      -s) out+="$ip saddr $not$value " ;;
      -o) out+="oifname $not\"$value\" " ;;
      -i) out+="iifname $not\"$value\" " ;;
      --mark) out+="meta mark $not$value " ;;
      --uid-owner) out+="meta skuid $not$value " ;;
      --gid-owner) out+="meta skgid $not$value " ;;
      --ctstate) out+="ct state $not${value,,} " ;;
      --to-ports) out+="redirect to :$value " ;;
      --zone) out+="ct zone set $value " ;;
      -j) case $value in
          REDIRECT | CT) ;; # said by their options
          ISTIO_*) out+="jump $value " ;;
          *) out+="${value,,} " ;;
        esac ;;
      -m) ;;
      *) fail "no translation of $word for nft" ;;
    esac
    not=
    shift
  done
  echo "${out% }"
}

nft_text() { # FAMILY: what nft -f reads; the tables are ours alone and are replaced whole
  local each table chain line ip=ip priority type
  [ "$1" = 4 ] || ip=ip6
  local -A chains=() body=()
  for each in ${rules[@]+"${rules[@]}"}; do
    read -r table chain line <<<"$each"
    [[ " ${chains[$table]:-} " == *" $chain "* ]] || chains[$table]+=" $chain"
    body[$table $chain]+="    $(nft_statement "$1" $line)"$'\n'
  done
  for table in raw mangle nat; do
    echo "table $ip istio-proxy-$table"
    echo "delete table $ip istio-proxy-$table"
    [ -n "${chains[$table]:-}" ] || continue
    echo "table $ip istio-proxy-$table {"
    for chain in ${chains[$table]}; do case $chain in ISTIO_*) echo "  chain $chain { }" ;; esac; done
    for chain in ${chains[$table]}; do
      echo "  chain $chain {"
      case $table in
        raw) type=filter priority=-300 ;;
        mangle) type=filter priority=-150 ;;
        nat) type=nat priority=-100 ;;
      esac
      case $chain in PREROUTING | OUTPUT) echo "    type $type hook ${chain,,} priority $priority; policy accept;" ;; esac
      printf '%s' "${body[$table $chain]}"
      echo "  }"
    done
    echo "}"
  done
}

enter=()     # how a command gets into the network namespace
errors=()    # why tools could not load the rules
loaded=      # the rules as they were loaded
load() { # FAMILY TOOL: replaces the rules of that family
  local family=$1 tool=$2 text saved said
  if [ "$tool" = nft ]; then
    text=$(nft_text "$family")
    said=$("${enter[@]}" nft -f - <<<"$text" 2>&1) && loaded=$text && return
  else
    [ "$family" = 4 ] || tool=ip6${tool#ip}
    saved=$("${enter[@]}" "$tool-save" 2>&1 || each_table "$tool-save") || { errors+=("$tool-save: $saved"); return 1; }
    text=$(restore_text "$saved")
    [ -n "$text" ] || return 0
    said=$("${enter[@]}" "$tool-restore" --noflush <<<"$text" 2>&1) && loaded=$text && return
  fi
  errors+=("$tool: $said")
  return 1
}

# The old iptables cannot list its tables in a user namespace, but shows one that is named.
each_table() { # COMMAND
  local table
  for table in raw mangle nat; do
    "${enter[@]}" "$1" -t $table 2>&1 || [ $table != nat ] || return 1
  done
}

tools() { # the tools that this machine has, best first
  local tool
  [ "$NATIVE_NFTABLES" = true ] || for tool in iptables iptables-nft iptables-legacy; do
    ! command -v "$tool-restore" >/dev/null || echo "$tool"
  done
  ! command -v nft >/dev/null || echo nft
}

wants_groups() { # what only rules about groups can do
  [ "${ISTIO_OUTBOUND_OWNER_GROUPS:-*}" != '*' ] || [ -n "${ISTIO_OUTBOUND_OWNER_GROUPS_EXCLUDE:-}" ]
}

# Loads the rules of a family with the first tool that can, and prints what they are. What the kernel takes is tried
# once: users and mark, then the mark alone, then users alone.
apply() { # FAMILY
  local tool owners marks told
  while read -r tool; do
    while read -r owners marks; do
      [ "$marks" = no ] || [ "$LATEEN_SOCKET_MARK" != 0 ] || continue
      [ "$owners" = yes ] || ! wants_groups || continue
      # iptables is refused rules about users that are not mapped here; nft's are taken and match nobody.
      if [ "$tool$owners" = nftyes ] && ! mapped; then
        errors+=("nft: user $PROXY_UID and group $PROXY_GID are not mapped in this user namespace")
        continue
      fi
      generate "$1" "$owners" "$marks"
      load "$1" "$tool" || continue
      case $owners$marks in
        yesyes) told="mark $LATEEN_SOCKET_MARK, user $PROXY_UID and group $PROXY_GID" ;;
        noyes) told="mark $LATEEN_SOCKET_MARK alone, because rules about user $PROXY_UID are refused here (a user namespace that does not map it, or no module xt_owner)" ;;
        yesno) told="user $PROXY_UID and group $PROXY_GID" ;;
      esac
      echo "$name: IPv$1, $tool: outbound connections to \"$ISTIO_SERVICE_CIDR\" go to port $ENVOY_PORT, inbound ones to ports \"$ISTIO_INBOUND_PORTS\" to port $INBOUND_CAPTURE_PORT; the proxy's own are told by $told"
      echo "$loaded"
      return
    done < <(printf '%s\n' 'yes yes' 'no yes' 'yes no')
  done < <(tools)
  explain
}

mapped() { # whether this user namespace knows the proxy's users and groups
  local id kind first outside count found
  for kind in uid gid; do
    for id in $(items "$([ $kind = uid ] && echo "$PROXY_UID" || echo "$PROXY_GID,${ISTIO_OUTBOUND_OWNER_GROUPS_EXCLUDE:-}")"); do
      [[ $id =~ ^[0-9]+$ ]] || continue
      found=no
      while read -r first outside count; do
        [ "$id" -lt "$first" ] || [ "$id" -ge $((first + count)) ] || found=yes
      done <"/proc/self/${kind}_map"
      [ $found = yes ] || return 1
    done
  done
}

explain() { # fails with what went wrong and what to do
  local all advice
  all=$(printf '%s\n' "${errors[@]}" | sort -u)
  ! wants_groups || fail "cannot write the rules: capture by group (ISTIO_OUTBOUND_OWNER_GROUPS) needs rules about groups, which are refused here; leave the variables out, or run where the groups are mapped"$'\n'"$all"
  case ${all,,} in
    *"must be root"* | *"not permitted"* | *"permission denied"*)
      advice="writing rules needs the capability NET_ADMIN in the pod's network namespace (securityContext.capabilities.add: [NET_ADMIN, NET_RAW] of the init container)" ;;
    *) advice="the kernel lacks a part: on the node, modprobe nf_nat xt_REDIRECT xt_mark xt_owner xt_conntrack (DNS capture: xt_CT), or use --native-nftables" ;;
  esac
  fail "cannot write the rules: $advice"$'\n'"$all"
}
