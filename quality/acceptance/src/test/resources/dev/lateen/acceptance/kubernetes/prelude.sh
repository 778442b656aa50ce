# What the cases may call beside kubectl.

# raw METHOD PATH [BODY [CONTENT-TYPE [HEADER]...]]: a request as it is; prints status, type, warnings and body.
raw() {
  local method=$1 path=$2 body=${3-} type=${4-application/json} options=() header
  [ -n "$body" ] && options+=(-H "Content-Type: $type" --data-binary "$body")
  for header in "${@:5}"; do options+=(-H "$header"); done
  curl -K "$CURL_CONFIG" -X "$method" "${options[@]}" -D "$HOME/head" -o "$HOME/body" "$SERVER${path#/}"
  awk 'NR==1 {print "HTTP " $2}
    tolower($1) ~ /^(content-type|warning|location|retry-after|allow):$/ {sub("\r", ""); print tolower($1) substr($0, length($1) + 1)}' "$HOME/head"
  cat "$HOME/body"
}

# eventually TEXT COMMAND...: runs the command until its output has the text, half a minute at most; prints the last output.
eventually() {
  local text=$1 output i; shift
  for i in $(seq 150); do
    output=$("$@" 2>&1)
    [[ $output == *"$text"* ]] && break
    sleep 0.2
  done
  printf '%s\n' "$output"
}

# begin NAMESPACE: makes the scenario's namespace, waits until it can be used, and goes there.
begin() {
  kubectl create namespace "$1" && kubectl config set-context --current --namespace="$1" || return
  eventually default kubectl get serviceaccounts default -o name
  eventually kube-root-ca.crt kubectl get configmap kube-root-ca.crt -o name
}
