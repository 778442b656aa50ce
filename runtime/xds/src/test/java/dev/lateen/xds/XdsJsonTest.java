package dev.lateen.xds;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import io.envoyproxy.envoy.admin.v3.RoutesConfigDump;
import io.envoyproxy.envoy.admin.v3.RoutesConfigDump.DynamicRouteConfig;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.SubstitutionFormatString;
import io.envoyproxy.envoy.config.route.v3.DirectResponseAction;
import io.envoyproxy.envoy.config.route.v3.Route;
import io.envoyproxy.envoy.config.route.v3.RouteAction;
import io.envoyproxy.envoy.config.route.v3.RouteConfiguration;
import io.envoyproxy.envoy.config.route.v3.VirtualHost;
import io.envoyproxy.envoy.extensions.filters.http.cors.v3.CorsPolicy;
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
        UnknownFieldSet bodyFormat = UnknownFieldSet.newBuilder()
                .addField(
                        3,
                        UnknownFieldSet.Field.newBuilder()
                                .addLengthDelimited(format.toByteString())
                                .build())
                .build();
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

    @Test
    void theyHaveItWhereTheTableIsPacked() throws InvalidProtocolBufferException {
        RoutesConfigDump dump = RoutesConfigDump.newBuilder()
                .addDynamicRouteConfigs(DynamicRouteConfig.newBuilder().setRouteConfig(Any.pack(table())))
                .build();
        assertThat(compact(XdsJson.print(Any.pack(dump)))).contains(ANSWER);
    }
}
