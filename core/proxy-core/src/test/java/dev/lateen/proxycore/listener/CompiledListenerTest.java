package dev.lateen.proxycore.listener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.TextProto;
import dev.lateen.proxycore.Trace;
import dev.lateen.proxycore.filter.FilterConfig;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CompiledListenerTest {
    private static final String ADDRESS = "address { socket_address { address: '0.0.0.0' port_value: 15006 } } ";
    private static final String TCP =
            "filters { name: 'tcp' typed_config { @TcpProxy { stat_prefix: 's' cluster: 'c' } } } ";

    private static CompiledListener listener(String text) throws CompileException {
        return CompiledListener.of(TextProto.listener("name: 'virtualInbound' " + ADDRESS + text));
    }

    private static CompiledListener hcm(String text) throws CompileException {
        return listener(
                "filter_chains { filters { name: 'http' typed_config { @Hcm { stat_prefix: 's' " + text + " } } } }");
    }

    private static String chain(String name, String match) {
        return "filter_chains { name: '" + name + "' filter_chain_match { " + match + " } " + TCP + "} ";
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            hostname: 'far.test:443'                                | CONNECT http://far.test:443
            hostname: '%REQUESTED_SERVER_NAME%:443'                 | CONNECT http://-:443
            hostname: 'far.test:443' use_post: true                 | POST http://far.test:443/
            hostname: 'far.test:443' use_post: true post_path: '/p' | POST http://far.test:443/p
            """)
    void aTunnelIsARequest(String tunneling, String request) throws CompileException {
        TcpProxy tcp =
                (TcpProxy) listener("filter_chains { filters { name: 't' typed_config { @TcpProxy { stat_prefix: 's'"
                                + " cluster: 'c' tunneling_config { " + tunneling + " } } } } }")
                        .chains()
                        .getFirst()
                        .filter();
        TcpProxy.Tunnel tunnel = Objects.requireNonNull(tcp.tunnel());
        assertThat(tunnel.request(dev.lateen.proxycore.format.FormatContext.of(null, null), false)
                        .toString()
                        .strip())
                .isEqualTo(request);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "-",
            value = {
                // destination          source        transport   name        protocols        chain
                "10.0.0.1:8080    | 10.0.0.9:1  | raw_buffer | -           | -             | port",
                "10.0.0.1:8080    | 10.0.0.9:1  | raw_buffer | -           | http/1.1      | http",
                "10.0.0.1:8080    | 10.0.0.9:1  | raw_buffer | -           | other         | port",
                "10.0.0.1:8080    | 10.0.0.9:1  | tls        | a           | istio         | mtls",
                "10.0.0.1:8080    | 10.0.0.9:1  | tls        | a           | h2            | port",
                "10.0.0.1:9999    | 10.0.0.9:1  | raw_buffer | -           | -             | any",
                "10.1.2.3:9999    | 10.0.0.9:1  | raw_buffer | -           | -             | net16",
                "10.1.3.3:9999    | 10.0.0.9:1  | raw_buffer | -           | -             | net24",
                "10.0.0.1:443     | 10.0.0.9:1  | tls        | a.b.example | -             | wide",
                "10.0.0.1:443     | 10.0.0.9:1  | tls        | c.a.example | -             | narrow",
                "10.0.0.1:443     | 10.0.0.9:1  | tls        | shop.test   | -             | exact",
                "10.0.0.1:443     | 10.0.0.9:1  | tls        | other.test  | -             | default",
                "10.0.0.1:7       | 127.0.0.1:5 | raw_buffer | -           | -             | local",
                "10.0.0.1:7       | 10.0.0.9:5  | raw_buffer | -           | -             | default",
                // ranges of sources are looked at before their ports: with one that fits, a chain without is out
                "10.0.0.1:8       | 10.0.0.9:5  | raw_buffer | -           | -             | default",
                "10.0.0.1:8       | 10.0.0.9:6  | raw_buffer | -           | -             | fromnet",
            })
    void theChainThatFitsMostExactly_takesTheConnection(
            String destination, String source, String transport, String name, String protocols, String expected)
            throws Exception {
        CompiledListener listener = listener(chain("any", "")
                + chain("port", "destination_port { value: 8080 }")
                + chain("http", "destination_port { value: 8080 } application_protocols: 'http/1.1'")
                + chain("mtls", "destination_port { value: 8080 } application_protocols: 'istio'")
                + chain("net16", "prefix_ranges { address_prefix: '10.1.0.0' prefix_len { value: 16 } }")
                + chain("net24", "prefix_ranges { address_prefix: '10.1.3.0' prefix_len { value: 24 } }")
                + chain("wide", "destination_port { value: 443 } server_names: '*.example'")
                + chain("narrow", "destination_port { value: 443 } server_names: '*.a.example'")
                + chain("exact", "destination_port { value: 443 } server_names: 'Shop.test'")
                + chain("local", "destination_port { value: 7 } source_type: SAME_IP_OR_LOOPBACK")
                + chain("from5", "destination_port { value: 8 } source_ports: 5")
                + chain(
                        "fromnet",
                        "destination_port { value: 8 } source_prefix_ranges { address_prefix: '10.0.0.0' prefix_len {"
                                + " value: 8 } } source_ports: 6")
                + chain(
                        "from5net",
                        "destination_port { value: 8 } source_prefix_ranges { address_prefix: '11.0.0.0' prefix_len {"
                                + " value: 8 } }")
                + "default_filter_chain { name: 'default' " + TCP + "}");
        ConnectionFacts facts = new ConnectionFacts(
                address(destination),
                address(source),
                transport,
                name == null ? "" : name,
                protocols == null ? List.of() : List.of(protocols));
        assertThat(listener.match(facts, Trace.NONE))
                .isNotNull()
                .extracting(FilterChain::name)
                .isEqualTo(expected);
    }

    private static InetSocketAddress address(String text) {
        int colon = text.lastIndexOf(':');
        return new InetSocketAddress(
                InetAddress.ofLiteral(text.substring(0, colon).replaceAll("[\\[\\]]", "")),
                Integer.parseInt(text.substring(colon + 1)));
    }

    @Test
    void withoutDefault_noChainTakesIt_andTheTraceSaysWhy() throws Exception {
        CompiledListener listener = listener(chain("only", "destination_port { value: 80 }"));
        Trace.Recording trace = Trace.recording();
        assertThat(listener.match(ConnectionFacts.plain(address("10.0.0.1:81"), address("10.0.0.2:5")), trace))
                .isNull();
        assertThat(trace.reasons().stream().map(Object::toString))
                .containsExactly(
                        "skipped filter chain \"only\": destination port does not match",
                        "skipped listener \"virtualInbound\": no filter chain takes the connection");
    }

    @Test
    void listenersOfIstiosShape() throws Exception {
        CompiledListener listener = CompiledListener.of(TextProto.listener("""
            name: 'virtualOutbound'
            address { socket_address { address: '0.0.0.0' port_value: 15001 } }
            use_original_dst { value: true }
            traffic_direction: OUTBOUND
            listener_filters { name: 'od' typed_config { @OriginalDst {} } }
            listener_filters { name: 'tls' typed_config { @TlsInspector {} } }
            listener_filters { name: 'http' typed_config { @HttpInspector {} } }
            listener_filters_timeout { seconds: 0 }
            continue_on_listener_filters_timeout: true
            access_log { name: 'f' filter { response_flag_filter { flags: 'NR' } }
              typed_config { @FileAccessLog { path: '/dev/stdout'
                log_format { text_format_source { inline_string: '%RESPONSE_FLAGS% %ROUTE_NAME%\\n' } } } } }
            filter_chains { name: 'virtualOutbound-blackhole'
              filter_chain_match { destination_port { value: 15001 } }
              filters { name: 'tcp' typed_config { @TcpProxy { stat_prefix: 'BlackHoleCluster' cluster: 'BlackHoleCluster' } } } }
            filter_chains { name: 'virtualOutbound-catchall-tcp'
              filters { name: 'tcp' typed_config { @TcpProxy { stat_prefix: 'P' weighted_clusters {
                 clusters { name: 'a' weight: 1 } clusters { name: 'b' weight: 3 } }
                 idle_timeout { seconds: 0 } hash_policy { source_ip {} } } } } }
            """));
        assertThat(listener.useOriginalDestination()).isTrue();
        assertThat(listener.bind()).isTrue();
        assertThat(listener.direction()).isEqualTo(CompiledListener.TrafficDirection.OUTBOUND);
        assertThat(listener.address()).isEqualTo(address("0.0.0.0:15001"));
        assertThat(listener.listenerFilters()).hasSize(3);
        assertThat(listener.listenerFiltersTimeout()).isZero();
        assertThat(listener.accessLogs()
                        .getFirst()
                        .filter()
                        .takes(
                                0,
                                dev.lateen.proxycore.ResponseFlag.NR.bit(),
                                0,
                                dev.lateen.proxycore.format.FormatContext.of(null, null),
                                new java.util.Random(1)))
                .isTrue();
        TcpProxy tcp = (TcpProxy) listener.chains().get(1).filter();
        assertThat(tcp.idleTimeout()).isZero();
        java.util.Random random = new java.util.Random(1);
        long b = java.util.stream.IntStream.range(0, 4000)
                .filter(i -> tcp.cluster(random).equals("b"))
                .count();
        assertThat(b).isBetween(2850L, 3150L);
        assertThat(tcp.hash(ConnectionFacts.plain(address("1.2.3.4:5"), address("1.2.3.5:6"))))
                .isNotZero();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "                                                                              | 80 81 82",
                "filter_disabled { destination_port_range { start: 80 end: 81 } }              | 81 82",
                "filter_disabled { any_match: true }                                           | ''",
                "filter_disabled { not_match { destination_port_range { start: 80 end: 82 } } } | 80 81",
                "filter_disabled { or_match { rules { destination_port_range { start: 80 end: 81 } }"
                        + " rules { destination_port_range { start: 82 end: 83 } } } }                 | 81",
                "filter_disabled { and_match { rules { destination_port_range { start: 80 end: 82 } }"
                        + " rules { destination_port_range { start: 81 end: 83 } } } }                 | 80 82",
            })
    void inspectors_keepTheirHandsOffPortsWhereServersMaySpeakFirst(String disabled, String ports) throws Exception {
        ListenerFilter inspector = listener("listener_filters { name: 'h' typed_config { @HttpInspector {} } "
                        + (disabled == null ? "" : disabled) + " } " + chain("c", ""))
                .listenerFilters()
                .getFirst();
        assertThat(inspector.kind()).isEqualTo(ListenerFilter.Kind.HTTP_INSPECTOR);
        String runs = java.util.stream.IntStream.rangeClosed(80, 82)
                .filter(inspector::runsFor)
                .mapToObj(String::valueOf)
                .collect(java.util.stream.Collectors.joining(" "));
        assertThat(runs).isEqualTo(ports);
    }

    @ParameterizedTest
    @CsvSource({
        "10.96.0.7:3306, 10.96.0.7_3306",
        "10.96.0.8:3306, virtualOutbound",
        "10.96.0.8:80,   0.0.0.0_80",
        "1.2.3.4:15001,  virtualOutbound",
        "'[fd00::1]:80', virtualOutbound",
    })
    void capturedConnections_areHandedToTheListenerOfTheirDestination(String destination, String expected)
            throws Exception {
        CompiledListener virtual = CompiledListener.of(TextProto.listener("name: 'virtualOutbound' use_original_dst {"
                + " value: true } address { socket_address { address: '0.0.0.0' port_value: 15001 } } "
                + chain("c", "")));
        CompiledListener web =
                CompiledListener.of(TextProto.listener("name: '0.0.0.0_80' bind_to_port { value: false } "
                        + "address { socket_address { address: '0.0.0.0' port_value: 80 } } " + chain("c", "")));
        CompiledListener mysql =
                CompiledListener.of(TextProto.listener("name: '10.96.0.7_3306' bind_to_port { value: false } "
                        + "address { socket_address { address: '10.96.0.7' port_value: 3306 } } " + chain("c", "")));
        ListenerTable table = new ListenerTable(List.of(virtual, web, mysql));
        assertThat(table.handler(virtual, address(destination), Trace.NONE).name())
                .isEqualTo(expected);
        assertThat(web.bind()).isFalse();
        assertThat(table.handler(web, address("10.96.0.7:3306"), Trace.NONE)).isEqualTo(web);
    }

    @Test
    void connectionManagers_withTheirDefaults() throws Exception {
        HttpConnectionManager http = (HttpConnectionManager)
                hcm("rds { route_config_name: '80' } http_filters { name: 'r' typed_config { @Router {} } }")
                        .chains()
                        .getFirst()
                        .filter();
        assertThat(http.routes()).isEqualTo(new RouteSource.Rds("80"));
        assertThat(http.codec()).isEqualTo(HttpConnectionManager.Codec.AUTO);
        assertThat(http.filters()).singleElement().satisfies(f -> assertThat(f.config())
                .isInstanceOf(FilterConfig.Router.class));
        assertThat(http.timeouts().streamIdle()).isEqualTo(Duration.ofMinutes(5));
        assertThat(http.timeouts().requestHeaders()).isEqualTo(Duration.ofSeconds(30));
        assertThat(http.timeouts().connectionIdle()).isEqualTo(Duration.ofHours(1));
        assertThat(http.limits().headerBytes()).isEqualTo(60 * 1024);
        assertThat(http.headers().generateRequestId()).isTrue();
        assertThat(http.headers().serverName()).isEqualTo("envoy");
        assertThat(http.tracing()).isNull();
    }

    @Test
    void connectionManagers_withWhatIstioSets() throws Exception {
        CompiledListener listener = hcm("""
            route_config { name: 'inbound|80||' virtual_hosts { name: 'inbound|http|80' domains: '*'
              routes { name: 'default' match { prefix: '/' } decorator { operation: 'op' }
                route { cluster: 'inbound|80||' timeout { seconds: 0 }
                  max_stream_duration { max_stream_duration { seconds: 0 } grpc_timeout_header_max { seconds: 0 } } } } } }
            http_filters { name: 'envoy.filters.http.fault' typed_config { @Fault {} } }
            http_filters { name: 'envoy.filters.http.cors' typed_config { @Cors {} } }
            http_filters { name: 'istio.stats' is_optional: true typed_config { @UdpaTypedStruct { type_url: 'type.googleapis.com/stats.PluginConfig' } } }
            http_filters { name: 'lua' is_optional: true typed_config { @Lua {} } }
            http_filters { name: 'envoy.filters.http.router' typed_config { @Router {} } }
            use_remote_address { value: false } server_name: 'istio-envoy'
            forward_client_cert_details: APPEND_FORWARD
            set_current_client_cert_details { subject { value: true } dns: true uri: true }
            upgrade_configs { upgrade_type: 'websocket' }
            normalize_path { value: true } path_with_escaped_slashes_action: KEEP_UNCHANGED
            stream_idle_timeout { seconds: 0 }
            proxy_100_continue: true
            request_id_extension { typed_config { @RequestIds { use_request_id_for_trace_sampling { value: false } } } }
            tracing { client_sampling { value: 100 } random_sampling { value: 1 } overall_sampling { value: 100 } }
            access_log { name: 'json' typed_config { @StdoutAccessLog { log_format { json_format {
              fields { key: 'code' value { string_value: '%RESPONSE_CODE%' } }
              fields { key: 'more' value { struct_value { fields { key: 'n' value { number_value: 1.5 } }
                fields { key: 'l' value { list_value { values { bool_value: true } values { null_value: NULL_VALUE } } } } } } } }
              json_format_options { sort_properties: true } } } } }
            """);
        HttpConnectionManager http =
                (HttpConnectionManager) listener.chains().getFirst().filter();
        assertThat(http.filters())
                .extracting("name")
                .containsExactly("envoy.filters.http.fault", "envoy.filters.http.cors", "envoy.filters.http.router");
        assertThat(listener.ignored())
                .singleElement()
                .asString()
                .contains("http_filters[3](lua): optional and unknown: ", "envoy.extensions.filters.http.lua.v3.Lua");
        assertThat(http.upgrades()).containsEntry("websocket", true);
        assertThat(http.tracing()).isNotNull().satisfies(t -> {
            assertThat(t.randomSampling()).isEqualTo(1);
            assertThat(t.byId()).isFalse();
        });
        assertThat(http.timeouts().streamIdle()).isZero();
        assertThat(http.accessLogs()).hasSize(1);
        assertThat(http.headers().certificateDetails()).hasSize(3);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "filter_chains { name: 'c' filters { name: 'e' typed_config { @Echo {} } } }"
                        + " | listener \"virtualInbound\" filter_chains[0](c).filters[0](e): unknown network filter: "
                        + "type.googleapis.com/envoy.extensions.filters.network.echo.v3.Echo",
                "filter_chains { filters { name: 'h' typed_config { @Hcm { http_filters { name: 'lua' typed_config {"
                        + " @Lua {} } } rds {} } } } } | filter_chains[0].filters[0](h).http_filters[0](lua): unknown HTTP"
                        + " filter: type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
                "filter_chains { filters { name: 'h' typed_config { @Hcm { http_filters { name: 'x' typed_config {"
                        + " @UdpaTypedStruct { type_url: 'type.googleapis.com/io.istio.http.unheard_of.Config' } } } rds"
                        + " {} } } } } | unknown HTTP filter: type.googleapis.com/io.istio.http.unheard_of.Config (in a"
                        + " TypedStruct)",
                "filter_chains { filters { name: 'h' typed_config { @Hcm { rds {} } } } }"
                        + " | http_filters: no filter: at least the router is needed",
                "filter_chains { filters { name: 'h' typed_config { @Hcm { http_filters { name: 'x' config_discovery {"
                        + " config_source { path: '/x' } } } rds {} } } } }"
                        + " | http_filters[0](x).config_discovery.config_source.path: not supported: ConfigSource.path",
                "filter_chains { filters { name: 'h' typed_config { @Hcm { http_filters { name: 'x' config_discovery {"
                        + " config_source { ads {} } apply_default_config_without_warming: true } } rds {} } } } }"
                        + " | config_discovery.apply_default_config_without_warming: there is no default_config",
                "filter_chains { filters { name: 'h' typed_config { @Hcm { http_filters { name: 'x' config_discovery {"
                        + " config_source { ads {} } default_config { @Lua {} } type_urls: 'y' } } rds {} } } } }"
                        + " | http_filters[0](x).config_discovery.type_urls: its configuration is of another type",
                "listener_filters { name: 'l' typed_config { @Lua {} } } | listener_filters[0](l): unknown listener"
                        + " filter",
                "filter_chains { name: 'a' filters { typed_config { @TcpProxy { cluster: 'c' } } } }"
                        + " filter_chains { name: 'b' filters { typed_config { @TcpProxy { cluster: 'c' } } } }"
                        + " | filter_chains[1](b): takes the same connections as filter chain \"a\"",
                "transparent { value: true } | transparent: not supported: Listener.transparent",
                "'' | no filter chain",
                "filter_chains { filters { name: 't' typed_config { @TcpProxy { cluster: 'c' tunneling_config {} } } }"
                        + " } | tunneling_config.hostname: must not be empty",
                "filter_chains { filters { name: 't' typed_config { @TcpProxy { cluster: 'c' tunneling_config {"
                        + " hostname: 'a:1' post_path: '/p' } } } } } | tunneling_config.post_path: only with use_post",
                "filter_chains { filters { name: 't' typed_config { @TcpProxy { cluster: 'c' tunneling_config {"
                        + " hostname: 'a:1' propagate_response_headers: true } } } } } |"
                        + " tunneling_config.propagate_response_headers: not supported: TunnelingConfig.propagate_response_headers",
                "filter_chains { transport_socket { name: 't' typed_config { @Lua {} } } filters { typed_config {"
                        + " @TcpProxy { cluster: 'c' } } } } | transport_socket(t): unknown transport socket",
            })
    void whatCannotBeHonoured_isRefusedWithItsPlace(String text, String message) {
        assertThatThrownBy(() -> listener(text.replace("''", "")))
                .isInstanceOf(CompileException.class)
                .hasMessageContaining(message);
    }
}
