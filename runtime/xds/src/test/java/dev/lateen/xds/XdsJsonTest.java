package dev.lateen.xds;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import io.envoyproxy.envoy.admin.v3.RoutesConfigDump;
import io.envoyproxy.envoy.admin.v3.RoutesConfigDump.DynamicRouteConfig;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.HttpService;
import io.envoyproxy.envoy.config.core.v3.HttpUri;
import io.envoyproxy.envoy.config.core.v3.SubstitutionFormatString;
import io.envoyproxy.envoy.config.route.v3.DirectResponseAction;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.config.trace.v3.Tracing;
import io.envoyproxy.envoy.config.trace.v3.ZipkinConfig;
import io.envoyproxy.envoy.extensions.filters.http.cors.v3.CorsPolicy;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.type.tracing.v3.CustomTag;
import org.junit.jupiter.api.Test;

class XdsJsonTest {
    /** What route tables have, in words: https://www.envoyproxy.io/docs, DirectResponseAction. */
    private static final String ANSWER =
            "\"direct_response\":{\"status\":502,\"body_format\":{\"text_format_source\":{\"inline_string\":\"no"
                    + " %REQ(:AUTHORITY)%\"}}}";

    private static RouteConfiguration table() throws InvalidProtocolBufferException {
        SubstitutionFormatString format = SubstitutionFormatString.newBuilder()
                .setTextFormatSource(DataSource.newBuilder().setInlineString("no %REQ(:AUTHORITY)%"))
                .build();
        UnknownFieldSet bodyFormat = field(3, format.toByteString());
        return RouteConfiguration.newBuilder()
                .setName("80")
                .addVirtualHosts(VirtualHost.newBuilder()
                        .addRoutes(Route.newBuilder()
                                .setDirectResponse(DirectResponseAction.newBuilder()
                                        .setStatus(502)
                                        .setUnknownFields(bodyFormat)))
                        .addRoutes(Route.newBuilder()
                                .setRoute(RouteAction.newBuilder()
                                        .setTimeout(Duration.newBuilder().setSeconds(1)))
                                .putTypedPerFilterConfig("cors", Any.pack(CorsPolicy.getDefaultInstance()))))
                .build();
    }

    private static String compact(String json) {
        return json.replaceAll("\\n *", "").replace(": ", ":");
    }

    @Test
    void answersOfATableHaveTheirText() throws InvalidProtocolBufferException {
        String json = compact(XdsJson.print(table()));
        assertThat(json)
                .contains(ANSWER)
                .contains("\"timeout\":\"1s\"")
                .contains(
                        "\"cors\":{\"@type\":\"type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy\"}");
    }

    private static UnknownFieldSet field(int number, ByteString content) {
        return UnknownFieldSet.newBuilder()
                .addField(
                        number,
                        UnknownFieldSet.Field.newBuilder()
                                .addLengthDelimited(content)
                                .build())
                .build();
    }

    @Test
    void spansHaveTheFormatsOfTheirTags_andTheServiceOfTheirCollector() throws InvalidProtocolBufferException {
        HttpService service = HttpService.newBuilder()
                .setHttpUri(HttpUri.newBuilder().setUri("http://zipkin/"))
                .build();
        HttpConnectionManager manager = HttpConnectionManager.newBuilder()
                .setTracing(HttpConnectionManager.Tracing.newBuilder()
                        .addCustomTags(CustomTag.newBuilder()
                                .setTag("a")
                                .setUnknownFields(field(6, ByteString.copyFromUtf8("%PROTOCOL%"))))
                        .setProvider(Tracing.Http.newBuilder()
                                .setTypedConfig(Any.pack(ZipkinConfig.newBuilder()
                                        .setCollectorCluster("zipkin")
                                        .setUnknownFields(field(9, service.toByteString()))
                                        .build()))))
                .build();
        assertThat(compact(XdsJson.print(Any.pack(manager))))
                .contains("{\"tag\":\"a\",\"value\":\"%PROTOCOL%\"}")
                .contains(
                        "\"collector_cluster\":\"zipkin\",\"collector_service\":{\"http_uri\":{\"uri\":\"http://zipkin/\"}}");
    }

    @Test
    void theyHaveItWhereTheTableIsPacked() throws InvalidProtocolBufferException {
        RoutesConfigDump dump = RoutesConfigDump.newBuilder()
                .addDynamicRouteConfigs(DynamicRouteConfig.newBuilder().setRouteConfig(Any.pack(table())))
                .build();
        assertThat(compact(XdsJson.print(Any.pack(dump)))).contains(ANSWER);
    }
}
