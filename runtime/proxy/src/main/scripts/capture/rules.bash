# The rules that send a pod's connections through its proxy, in the words of iptables. Part of lateen-iptables.

rules=() # each "TABLE CHAIN WORDS…", the words as iptables knows them
rule() { rules+=("$*"); }

# The rules about the proxy's own connections, told by MATCH (a match with room for "!" before its last two words).
# To the pod's own address they are the app's calls to its own service, which come in like anyone's.
own_connections() { # LOOPBACK PORTS-NOT-INBOUND MATCH…
  local loopback=$1 not_inbound=$2
  shift 2
  rule nat ISTIO_OUTPUT -o lo ! -d "$loopback" -p tcp $not_inbound "$@" -j ISTIO_IN_REDIRECT
  if [ "$1 $2" = "-m owner" ] && ! loopback_included; then
    others_on_loopback -m owner ! "$3" "$4"
  fi
  rule nat ISTIO_OUTPUT "$@" -j RETURN
}

# What others send over loopback stays there: the app calls itself, or the proxy by intent.
others_on_loopback() { # MATCH…
  local tcp=
  [ "$REDIRECT_DNS" = false ] || tcp='-p tcp ! --dport 53'
  rule nat ISTIO_OUTPUT -o lo $tcp "$@" -j RETURN
}

loopback_included() { [[ ,$ISTIO_SERVICE_CIDR, =~ ,\ *(127\.|::1) ]]; }

family_items() { # FAMILY LIST: the addresses of that family
  local item
  for item in $(items "$2"); do
    case $1$item in 4*:*) ;; 4*) echo "$item" ;; 6*:*) echo "$item" ;; esac
  done
}

generate() { # FAMILY OWNERS MARKS: fills rules; OWNERS and MARKS (yes or no) say which matches may be used
  local family=$1 owners=$2 marks=$3 loopback=${ISTIO_OUTBOUND_IPV4_LOOPBACK_CIDR:-127.0.0.1/32} passthrough=127.0.0.6/32
  [ "$family" = 4 ] || loopback=::1/128 passthrough=::6/128
  local item not_inbound="! --dport $INBOUND_TUNNEL_PORT"
  [ "$REDIRECT_DNS" = false ] || not_inbound="-m multiport ! --dports 53,$INBOUND_TUNNEL_PORT"
  rules=()

  if [ "$DROP_INVALID" = true ]; then
    rule mangle PREROUTING -m conntrack --ctstate INVALID -j ISTIO_DROP
    rule mangle ISTIO_DROP -j DROP
  fi
  rule nat ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports "$ENVOY_PORT"
  rule nat ISTIO_IN_REDIRECT -p tcp -j REDIRECT --to-ports "$INBOUND_CAPTURE_PORT"
  inbound "$family"

  rule nat OUTPUT -j ISTIO_OUTPUT
  for item in $(items "$ISTIO_EXCLUDE_INTERFACES"); do
    rule nat ISTIO_OUTPUT -o "$item" -j RETURN
  done
  for item in $(items "$ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE"); do
    rule nat ISTIO_OUTPUT -p tcp --dport "$item" -j RETURN
    rule nat ISTIO_OUTPUT -p udp --dport "$item" -j RETURN
  done
  # The proxy's inbound side connects from this address to the app.
  rule nat ISTIO_OUTPUT -o lo -s "$passthrough" -j RETURN
  if [ "$marks" = yes ]; then
    own_connections "$loopback" "$not_inbound" -m mark --mark "$LATEEN_SOCKET_MARK"
  fi
  if [ "$owners" = yes ]; then
    for item in $(items "$PROXY_UID"); do
      own_connections "$loopback" "$not_inbound" -m owner --uid-owner "$item"
    done
    for item in $(items "$PROXY_GID"); do
      own_connections "$loopback" "$not_inbound" -m owner --gid-owner "$item"
    done
    owner_groups
  elif ! loopback_included; then
    others_on_loopback
  fi
  [ "$REDIRECT_DNS" = false ] || dns "$family" "$owners" "$marks"
  rule nat ISTIO_OUTPUT -d "$loopback" -j RETURN
  for item in $(family_items "$family" "$ISTIO_SERVICE_EXCLUDE_CIDR"); do
    rule nat ISTIO_OUTPUT -d "$item" -j RETURN
  done
  for item in $(items "$ISTIO_OUTBOUND_PORTS"); do
    rule nat ISTIO_OUTPUT -p tcp --dport "$item" -j ISTIO_REDIRECT
  done
  if everything "$ISTIO_SERVICE_CIDR"; then
    rule nat ISTIO_OUTPUT -j ISTIO_REDIRECT
  else
    for item in $(family_items "$family" "$ISTIO_SERVICE_CIDR"); do
      rule nat ISTIO_OUTPUT -d "$item" -j ISTIO_REDIRECT
    done
  fi
}

inbound() { # FAMILY
  local item inner
  [ -n "$ISTIO_INBOUND_PORTS$KUBE_VIRT_INTERFACES" ] || return 0
  rule nat PREROUTING -p tcp -j ISTIO_INBOUND
  for item in $(items "$ISTIO_EXCLUDE_INTERFACES"); do
    rule nat ISTIO_INBOUND -i "$item" -j RETURN
  done
  for inner in $(items "$KUBE_VIRT_INTERFACES"); do
    if everything "$ISTIO_SERVICE_CIDR"; then
      rule nat ISTIO_INBOUND -i "$inner" -j ISTIO_REDIRECT
    else
      for item in $(family_items "$1" "$ISTIO_SERVICE_CIDR"); do
        rule nat ISTIO_INBOUND -i "$inner" -d "$item" -j ISTIO_REDIRECT
      done
    fi
    rule nat ISTIO_INBOUND -i "$inner" -j RETURN
  done
  rule nat ISTIO_INBOUND -p tcp --dport "$INBOUND_TUNNEL_PORT" -j RETURN
  if everything "$ISTIO_INBOUND_PORTS"; then
    for item in $(items "$ISTIO_LOCAL_EXCLUDE_PORTS"); do
      rule nat ISTIO_INBOUND -p tcp --dport "$item" -j RETURN
    done
    rule nat ISTIO_INBOUND -p tcp -j ISTIO_IN_REDIRECT
  else
    for item in $(items "$ISTIO_INBOUND_PORTS"); do
      rule nat ISTIO_INBOUND -p tcp --dport "$item" -j ISTIO_IN_REDIRECT
    done
  fi
}

# Whose connections are captured, by group: all but some, or some only.
owner_groups() {
  local item none_of=
  for item in $(items "${ISTIO_OUTBOUND_OWNER_GROUPS_EXCLUDE:-}"); do
    rule nat ISTIO_OUTPUT -m owner --gid-owner "$item" -j RETURN
  done
  [ "${ISTIO_OUTBOUND_OWNER_GROUPS:-*}" != '*' ] || return 0
  for item in $(items "$ISTIO_OUTBOUND_OWNER_GROUPS"); do
    none_of+="-m owner ! --gid-owner $item "
  done
  rule nat ISTIO_OUTPUT $none_of-j RETURN
}

# DNS to the proxy. UDP has no handshake: the app's and the proxy's queries to one server would share a conntrack
# entry, so each gets a zone of its own.
dns() { # FAMILY OWNERS MARKS
  local item server servers=(any) match
  if [ "$CAPTURE_ALL_DNS" = false ]; then
    mapfile -t servers < <(family_items "$1" "$(sed -n 's/^nameserver[[:space:]]*\([^[:space:]%]*\).*/\1/p' /etc/resolv.conf | tr '\n' ,)")
    [ ${#servers[@]} -gt 0 ] || return 0
  fi
  rule raw PREROUTING -j ISTIO_INBOUND
  rule raw OUTPUT -j ISTIO_OUTPUT_DNS
  rule nat ISTIO_OUTPUT -j ISTIO_OUTPUT_DNS
  local owned=()
  [ "$3" = no ] || owned+=("-m mark --mark $LATEEN_SOCKET_MARK")
  if [ "$2" = yes ]; then
    for item in $(items "$PROXY_UID"); do owned+=("-m owner --uid-owner $item"); done
    for item in $(items "$PROXY_GID"); do owned+=("-m owner --gid-owner $item"); done
  fi
  for match in "${owned[@]}"; do
    rule raw ISTIO_OUTPUT_DNS -p udp --dport 53 "$match" -j CT --zone 1
    rule raw ISTIO_OUTPUT_DNS -p udp --sport 15053 "$match" -j CT --zone 2
  done
  for server in "${servers[@]}"; do
    local to= from=
    [ "$server" = any ] || to="-d $server" from="-s $server"
    for match in tcp udp; do
      rule nat ISTIO_OUTPUT_DNS -p $match --dport 53 $to -j REDIRECT --to-ports 15053
    done
    rule raw ISTIO_OUTPUT_DNS -p udp --dport 53 $to -j CT --zone 2
    rule raw ISTIO_INBOUND -p udp --sport 53 $from -j CT --zone 1
  done
}
