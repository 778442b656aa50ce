package dev.lateen.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Pages as Envoy's documentation gives them (admin interface, /config_dump and /clusters). */
class ConfigTablesTest {
    private static final JsonNode DUMP = JsonMapper.shared().readTree("""
            {"configs": [
             {"@type": "type.googleapis.com/envoy.admin.v3.ClustersConfigDump",
              "static_clusters": [{"cluster": {"name": "xds-grpc", "type": "STATIC"}}],
              "dynamic_active_clusters": [{"cluster": {"name": "outbound|80|v1|web.default.svc.cluster.local", "type": "EDS",
               "metadata": {"filter_metadata": {"istio":
                {"config": "/apis/networking.istio.io/v1/namespaces/default/destination-rule/web"}}}}}]},
             {"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump",
              "dynamic_listeners": [{"name": "x", "active_state": {"listener": {"name": "x",
               "address": {"socket_address": {"address": "0.0.0.0", "port_value": 80}},
               "filter_chains": [
                {"filter_chain_match": {"transport_protocol": "raw_buffer", "application_protocols": ["http/1.1", "h2c"]},
                 "filters": [{"typed_config": {"rds": {"route_config_name": "80"}}}]},
                {"filter_chain_match": {"server_names": ["a.example"]}, "filters": [{"typed_config": {"cluster": "a"}}]}],
               "default_filter_chain": {"filters": [{"typed_config": {"weighted_clusters": {"clusters":
                [{"name": "b", "weight": 9}, {"name": "c", "weight": 1}]}}}]}}}}]},
             {"@type": "type.googleapis.com/envoy.admin.v3.RoutesConfigDump",
              "dynamic_route_configs": [{"route_config": {"name": "80", "virtual_hosts": [
               {"name": "web:80", "domains": ["web", "web.default", "10.96.0.1"], "routes": [
                {"match": {"path": "/a"}, "metadata": {"filter_metadata": {"istio":
                 {"config": "/apis/networking.istio.io/v1/namespaces/default/virtual-service/web"}}}},
                {"match": {"prefix": "/"}, "direct_response": {"status": 502}}]}]}}]}]}
            """);

    @Test
    void clusters() {
        assertThat(ConfigTables.clusters(ConfigDump.clusters(DUMP, new ConfigDump.ClusterFilter("", 0, "", ""))))
                .hasToString("""
                SERVICE FQDN                    PORT   SUBSET   DIRECTION   TYPE     DESTINATION RULE
                web.default.svc.cluster.local   80     v1       outbound    EDS      web.default
                xds-grpc                        -      -        -           STATIC
                """);
    }

    @Test
    void listeners() {
        assertThat(ConfigTables.listeners(ConfigDump.listeners(DUMP, new ConfigDump.ListenerFilter("", 0, ""))))
                .hasToString("""
                ADDRESS   PORT   MATCH                                  DESTINATION
                0.0.0.0   80     Trans: raw_buffer; App: http/1.1,h2c   Route: 80
                0.0.0.0   80     SNI: a.example                         Cluster: a
                0.0.0.0   80     ALL                                    Clusters: b 9, c 1
                """);
    }

    /** What an Envoy was started with, and what it does not use yet. */
    @Test
    void listenersOfAnEnvoy() {
        JsonNode dump = JsonMapper.shared().readTree("""
                {"configs": [{"@type": "type.googleapis.com/envoy.admin.v3.ListenersConfigDump",
                 "static_listeners": [{"listener": {"name": "metrics",
                  "address": {"socket_address": {"address": "0.0.0.0", "port_value": 15090}},
                  "filter_chains": [{"filters": [{"typed_config": {"route_config": {"name": "stats"}}}]}]}}],
                 "dynamic_listeners": [{"name": "y", "warming_state": {"listener": {"name": "y"}}}]}]}
                """);
        List<JsonNode> found = ConfigDump.listeners(dump, new ConfigDump.ListenerFilter("", 0, ""));
        assertThat(found).hasSize(1);
        assertThat(ConfigTables.listeners(found)).hasToString("""
                ADDRESS   PORT    MATCH   DESTINATION
                0.0.0.0   15090   ALL     Inline Route: stats
                """);
    }

    @Test
    void protocols() {
        assertThat(ConfigTables.protocols(JsonMapper.shared().readTree("""
                {"protocols": [{"listener": "0.0.0.0_80", "destination": "10.0.0.1:80", "protocol": "HTTP/2", "connections": 2}]}
                """))).hasToString("""
                LISTENER     DESTINATION   PROTOCOL   CONNECTIONS
                0.0.0.0_80   10.0.0.1:80   HTTP/2     2
                """);
    }

    @Test
    void routes() {
        assertThat(ConfigTables.routes(ConfigDump.routes(DUMP, ""))).hasToString("""
                NAME   VHOST NAME   DOMAINS                        MATCH   VIRTUAL SERVICE
                80     web:80       web, web.default + 1 more...   /a      web.default
                80     web:80       web, web.default + 1 more...   /*      -> 502
                """);
    }

    @Test
    void endpoints() {
        JsonNode clusters = JsonMapper.shared().readTree("""
                {"cluster_statuses": [{"name": "a", "host_statuses": [
                 {"address": {"socket_address": {"address": "10.0.0.1", "port_value": 80}},
                  "health_status": {"eds_health_status": "HEALTHY"}},
                 {"address": {"socket_address": {"address": "10.0.0.2", "port_value": 80}},
                  "health_status": {"eds_health_status": "HEALTHY", "failed_outlier_check": true}}]},
                 {"name": "xds-grpc", "host_statuses": [
                  {"address": {"pipe": {"path": "/run/xds"}}, "health_status": {"eds_health_status": "HEALTHY"}}]}]}
                """);
        assertThat(ConfigTables.endpoints(ConfigDump.endpoints(clusters, new ConfigDump.EndpointFilter("", 0, "", ""))))
                .hasToString("""
                ENDPOINT          STATUS    OUTLIER CHECK   CLUSTER
                10.0.0.1:80       HEALTHY   OK              a
                10.0.0.2:80       HEALTHY   FAILED          a
                unix:///run/xds   HEALTHY   OK              xds-grpc
                """);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''                            | 0  | ''  | ''       | 2",
                "web.default.svc.cluster.local | 0  | ''  | ''       | 1",
                "web                           | 0  | ''  | ''       | 0",
                "''                            | 80 | ''  | ''       | 1",
                "''                            | 81 | ''  | ''       | 0",
                "''                            | 0  | v1  | ''       | 1",
                "''                            | 0  | v2  | ''       | 0",
                "''                            | 0  | ''  | outbound | 1",
                "''                            | 0  | ''  | inbound  | 0",
                "xds-grpc                      | 0  | ''  | ''       | 1",
            })
    void clustersThatAreLookedFor(String host, int port, String subset, String direction, int found) {
        assertThat(ConfigDump.clusters(DUMP, new ConfigDump.ClusterFilter(host, port, subset, direction)))
                .hasSize(found);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "0.0.0.0 | 80 | HTTP+TCP | 1",
                "0.0.0.0 | 0  | ''       | 1",
                "0.0.0.1 | 0  | ''       | 0",
                "''      | 81 | ''       | 0",
                "''      | 0  | http+tcp | 1",
                "''      | 0  | HTTP     | 0",
                "''      | 0  | TCP      | 0",
            })
    void listenersThatAreLookedFor(String address, int port, String type, int found) {
        assertThat(ConfigDump.listeners(DUMP, new ConfigDump.ListenerFilter(address, port, type)))
                .hasSize(found);
    }

    @ParameterizedTest
    @CsvSource({"'', 1", "80, 1", "8, 0"})
    void routesThatAreLookedFor(String name, int found) {
        assertThat(ConfigDump.routes(DUMP, name)).hasSize(found);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''       | 0  | '' | ''        | 3",
                "10.0.0.1 | 0  | '' | ''        | 2",
                "10.0.0.3 | 0  | '' | ''        | 0",
                "''       | 80 | '' | ''        | 2",
                "''       | 81 | '' | ''        | 1",
                "''       | 0  | b  | ''        | 1",
                "''       | 0  | c  | ''        | 0",
                "''       | 0  | '' | healthy   | 2",
                "''       | 0  | '' | UNHEALTHY | 1",
            })
    void endpointsThatAreLookedFor(String address, int port, String cluster, String status, int found) {
        JsonNode clusters = JsonMapper.shared().readTree("""
                {"cluster_statuses": [
                 {"name": "a", "host_statuses": [
                  {"address": {"socket_address": {"address": "10.0.0.1", "port_value": 80}},
                   "health_status": {"eds_health_status": "HEALTHY"}},
                  {"address": {"socket_address": {"address": "10.0.0.2", "port_value": 80}},
                   "health_status": {"eds_health_status": "UNHEALTHY"}}]},
                 {"name": "b", "host_statuses": [
                  {"address": {"socket_address": {"address": "10.0.0.1", "port_value": 81}}}]}]}
                """);
        List<JsonNode> chosen =
                ConfigDump.endpoints(clusters, new ConfigDump.EndpointFilter(address, port, cluster, status));
        assertThat(ConfigTables.endpoints(chosen).size()).isEqualTo(found);
        assertThat(chosen)
                .allSatisfy(
                        each -> assertThat(each.path("host_statuses").size()).isPositive());
    }

    @Test
    void howFarProxiesAre() {
        JsonNode syncz = JsonMapper.shared().readTree("""
                [{"cluster_id": "Kubernetes", "proxy": "client-0.default", "istio_version": "1.0",
                  "cluster_sent": "a", "cluster_acked": "a", "listener_sent": "b", "listener_acked": "a",
                  "route_sent": "c", "route_acked": "b", "route_rejected": "no such cluster"}]
                """);
        assertThat(SyncTable.of(syncz)).hasToString("""
                NAME               CLUSTER      CDS      LDS     EDS        RDS       ECDS       VERSION
                client-0.default   Kubernetes   SYNCED   STALE   NOT SENT   REFUSED   NOT SENT   1.0
                """);
        assertThat(SyncTable.refusals(syncz)).isEqualTo("client-0.default refused route: no such cluster\n");
    }
}
