package dev.lateen.proxycore;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.proxycore.filter.FilterFaults;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class FaultFieldTest {
    @Test
    void whatIsKnownIsSaid() {
        assertThat(FaultField.of(Fault.connectTimeout("10.0.0.1:80", "web"), "shop-1.default", "42"))
                .isEqualTo("by=\"shop-1.default\", id=\"42\", side=upstream, phase=connect, flag=UF, "
                        + "details=\"upstream_reset_before_response_started{connection_timeout}\", "
                        + "peer=\"10.0.0.1:80\", setting=\"connectionPool.tcp.connectTimeout of \\\"web\\\"\", "
                        + "advice=\"The endpoint did not take the connection in time: check the network on the way "
                        + "and the app's load.\"");
    }

    @Test
    void whatIsNotKnownIsLeftOut_andPoliciesAreNotNamed() {
        Fault denied = FilterFaults.denied("rbac_access_denied_matched_policy[ns[a]-policy[b]]", "7");
        assertThat(FaultField.of(denied, "p", null))
                .isEqualTo("by=\"p\", side=proxy, phase=request_head, details=\"rbac_access_denied_matched_policy\", "
                        + "setting=\"AuthorizationPolicy\", advice=\"Rules of access refuse this caller: the proxy's "
                        + "page /decisions has the reasons under 7.\"");
    }

    @ParameterizedTest
    @CsvSource({
        "low_version,                 DPE, the listener's rules for HTTP/1.0",
        "missing_host_header,         ,    the listener's rules for HTTP/1.0",
        "http1.unexpected_underscore, DPE, headers_with_underscores_action",
        "http2.unexpected_underscore, DPE, headers_with_underscores_action",
        "path_normalization_failed,   ,    meshConfig.pathNormalization",
        "upgrade_failed,              ,    upgrade_configs of the listener and the route",
    })
    void whatAHeadIsRefusedBy(String details, @Nullable ResponseFlag flag, String setting) {
        Fault fault = FilterFaults.refused(400, details);
        assertThat(fault.flag()).isEqualTo(flag);
        assertThat(fault.setting()).isEqualTo(setting);
    }

    @Property
    void whateverAClientWroteStaysInItsQuotes(@ForAll String text) {
        String value = FaultField.of(Fault.noCluster(text, 503), "p", text);
        assertThat(value).hasSizeLessThanOrEqualTo(FaultField.LONGEST).matches("[ -~]+");
        assertThat(value.replaceAll("\\\\.", "").replaceAll("\"[^\"]*\"", "")).doesNotContain("\"");
    }
}
