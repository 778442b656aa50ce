"""The same static resources for Envoy and for ours, as an Envoy bootstrap."""

import dataclasses

TYPE = "type.googleapis.com/envoy."
EXTENSION = TYPE + "extensions."
ADDRESS = "127.0.0.1"

# The app speaks HTTP/1.1 on the first and HTTP/2 on the second port; it takes spans as well.
APP, APP_HTTP2 = 28100, 28101


@dataclasses.dataclass(frozen=True)
class Ports:
    """Those of one participant, as all run at the same time."""
    listener: int
    between: int
    admin: int

    @staticmethod
    def of(index):
        return Ports(*(28110 + 10 * index + each for each in range(3)))


def bootstrap(scenario, variant, listen, upstream, role="alone", certificate=None, admin=None):
    """
    One proxy's resources.

    variant -- "full": Istio's defaults with access logs (metrics, access log, 1 of 100 requests traced, retries, outlier
        detection); "metrics": the same with metrics alone of the three; "off": without telemetry; "router": routes alone
    role -- "alone", or which of a pair: "calling" or "called"
    """
    clusters = [cluster(scenario, variant, upstream, role, certificate)]
    if variant == "full" and scenario.protocol != "tcp":
        clusters.append({"name": "zipkin", "type": "STATIC", "connect_timeout": "5s",
                         "load_assignment": endpoint("zipkin", APP)})
    chain = {"filters": [tcp(variant) if scenario.protocol == "tcp" else http(scenario, variant)]}
    if role == "called":
        chain["transport_socket"] = socket("DownstreamTlsContext", {
            "require_client_certificate": True, "common_tls_context": tls(scenario, certificate),
            **({"disable_stateless_session_resumption": True, "disable_stateful_session_resumption": True}
               if scenario.sessions == "new" else {})})
    resources = {"clusters": clusters, "listeners": [{
        "name": "edge", "address": address(listen),
        "traffic_direction": "INBOUND" if role == "called" else "OUTBOUND", "filter_chains": [chain]}]}
    return {"static_resources": resources, **({"admin": {"address": address(admin)}} if admin else {})}


def http(scenario, variant):
    route = {"cluster": "app", "timeout": "15s"}
    if variant != "router":
        route["retry_policy"] = {"retry_on": "connect-failure,refused-stream,reset-before-request", "num_retries": 2}
    manager = {
        "@type": EXTENSION + "filters.network.http_connection_manager.v3.HttpConnectionManager", "stat_prefix": "b",
        "codec_type": "HTTP1" if scenario.protocol == "http1" else "HTTP2", "normalize_path": True,
        "route_config": {"name": "r", "virtual_hosts": [
            {"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": route}]}]},
        "http_filters": [{"name": "router", "typed_config": {"@type": EXTENSION + "filters.http.router.v3.Router"}}]}
    if variant == "full":
        manager["access_log"] = [access_log()]
        manager["tracing"] = {"random_sampling": {"value": 1}, "provider": {
            "name": "envoy.tracers.zipkin", "typed_config": {
                "@type": TYPE + "config.trace.v3.ZipkinConfig", "collector_cluster": "zipkin",
                "collector_endpoint": "/api/v2/spans", "collector_endpoint_version": "HTTP_JSON"}}}
    return {"name": "http", "typed_config": manager}


def without_metrics(resources):
    """For ours, whose metrics of Istio are on unless a filter says otherwise; a stock Envoy has neither."""
    for listener in resources["static_resources"]["listeners"]:
        for chain in listener["filter_chains"]:
            manager = chain["filters"][-1]["typed_config"]
            if "http_filters" in manager:
                manager["http_filters"].insert(0, {"name": "istio.stats", "typed_config": {
                    "@type": "type.googleapis.com/udpa.type.v1.TypedStruct",
                    "type_url": "type.googleapis.com/stats.PluginConfig", "value": {"metrics": [{"drop": True}]}}})
    return resources


def tcp(variant):
    proxy = {"@type": EXTENSION + "filters.network.tcp_proxy.v3.TcpProxy", "stat_prefix": "b", "cluster": "app"}
    if variant == "full":
        proxy["access_log"] = [access_log()]
    return {"name": "tcp", "typed_config": proxy}


def access_log():
    return {"name": "log", "typed_config": {
        "@type": EXTENSION + "access_loggers.file.v3.FileAccessLog", "path": "/dev/null"}}


def cluster(scenario, variant, upstream, role, certificate):
    limits = {"max_connections": 65536, "max_pending_requests": 65536, "max_requests": 65536}
    made = {"name": "app", "type": "STATIC", "connect_timeout": "5s", "circuit_breakers": {"thresholds": [limits]},
            "load_assignment": endpoint("app", upstream)}
    if variant != "router":
        made["outlier_detection"] = {"consecutive_5xx": 5, "interval": "10s", "base_ejection_time": "30s"}
    http2 = scenario.protocol in ("http2", "grpc")
    if scenario.protocol != "tcp":
        options = {"@type": EXTENSION + "upstreams.http.v3.HttpProtocolOptions",
                   "explicit_http_config": {"http2_protocol_options" if http2 else "http_protocol_options": {}}}
        if role == "calling" and scenario.sessions:
            options["common_http_protocol_options"] = {"max_requests_per_connection": 1}
        made["typed_extension_protocol_options"] = {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options}
    if role == "calling":
        # Of the mesh: proxies tell each other who they are.
        made["metadata"] = {"filter_metadata": {"istio": {"services": [
            {"host": "app.default.svc.cluster.local", "name": "app", "namespace": "default"}]}}}
        made["transport_socket"] = socket("UpstreamTlsContext", {
            "sni": "app", "common_tls_context": tls(scenario, certificate),
            # A session of TLS 1.3 is taken up once; many connections at a time need as many.
            **({"max_session_keys": 0 if scenario.sessions == "new" else 64} if scenario.sessions else {})})
    return made


def tls(scenario, certificate):
    return {"tls_params": {"tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_3"},
            "alpn_protocols": ["h2" if scenario.protocol in ("http2", "grpc") else "http/1.1"],
            "tls_certificates": [{"certificate_chain": {"inline_string": certificate.chain},
                                  "private_key": {"inline_string": certificate.key}}],
            "validation_context": {"trusted_ca": {"inline_string": certificate.root}, "match_typed_subject_alt_names": [
                {"san_type": "URI", "matcher": {"exact": certificate.uri}}]}}


def socket(kind, context):
    return {"name": "tls", "typed_config": {"@type": EXTENSION + "transport_sockets.tls.v3." + kind, **context}}


def address(port):
    return {"socket_address": {"address": ADDRESS, "port_value": port}}


def endpoint(name, port):
    return {"cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(port)}}]}]}
