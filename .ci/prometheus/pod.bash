# Sourced: Debian's Prometheus as a pod of the cluster in use, which scrapes the pods that ask for it.

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  packages=()
  for package in prometheus jq curl; do command -v $package >/dev/null || packages+=($package); done
  if [ ${#packages[@]} -gt 0 ]; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
  fi
fi

# Debian's Prometheus is built without discovery by Kubernetes: the targets are listed.
targets() {
  kubectl get pods -A -o json | jq -r '.items[] | select(.status.phase == "Running")
    | select(.metadata.annotations["prometheus.io/scrape"] == "true") | .metadata as $meta
    | "  - targets: [\"\(.status.podIP):\($meta.annotations["prometheus.io/port"])\"]\n    labels: {pod: \($meta.name), namespace: \($meta.namespace), __metrics_path__: \"\($meta.annotations["prometheus.io/path"] // "/metrics")\"}"'
}

scrape() { # NAMESPACE: Prometheus and its service there; its image must be in the cluster's catalogue
  { printf 'global: {scrape_interval: 2s}\nscrape_configs:\n- job_name: mesh\n  static_configs:\n'; targets; } >"$work/prometheus.yml"
  kubectl create configmap -n "$1" prometheus --from-file=prometheus.yml="$work/prometheus.yml" && kubectl apply -n "$1" -f - <<'YAML'
apiVersion: v1
kind: Pod
metadata: {name: prometheus, labels: {app: prometheus}, annotations: {sidecar.istio.io/inject: "false"}}
spec:
  containers:
  - name: prometheus
    image: prom/prometheus
    args: ["--config.file=/etc/scrape/prometheus.yml", "--storage.tsdb.path=/data", "--web.listen-address=:9090"]
    volumeMounts: [{name: config, mountPath: /etc/scrape}, {name: data, mountPath: /data}]
  volumes: [{name: config, configMap: {name: prometheus}}, {name: data, emptyDir: {}}]
---
apiVersion: v1
kind: Service
metadata: {name: prometheus}
spec: {selector: {app: prometheus}, ports: [{name: http, port: 9090}]}
YAML
}
