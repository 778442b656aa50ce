package dev.lateen.proxycore.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Any;
import com.google.protobuf.StringValue;
import dev.lateen.proxycore.CompileException;
import dev.lateen.proxycore.balance.LiveCluster;
import dev.lateen.proxycore.balance.Pick;
import io.envoyproxy.envoy.config.cluster.v3.Cluster;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.CustomClusterType;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.DnsLookupFamily;
import io.envoyproxy.envoy.config.cluster.v3.Cluster.LbPolicy;
import io.envoyproxy.envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig;
import io.envoyproxy.envoy.extensions.common.dynamic_forward_proxy.v3.DnsCacheConfig;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Clusters whose endpoints are what was looked up for each request (Envoy documentation, dynamic forward proxy). */
class ByRequestTest {
    private static Cluster cluster(Any config) {
        return Cluster.newBuilder()
                .setName("c")
                .setLbPolicy(LbPolicy.CLUSTER_PROVIDED)
                .setClusterType(CustomClusterType.newBuilder().setName("t").setTypedConfig(config))
                .build();
    }

    @Test
    void theAddressThatWasLookedUp_isTheHost_andTheDialledOneNever() throws CompileException {
        LiveCluster live = LiveCluster.of(
                CompiledCluster.of(cluster(Any.pack(ClusterConfig.getDefaultInstance()))), new Random(1));
        InetSocketAddress found = new InetSocketAddress(InetAddress.ofLiteral("10.0.0.1"), 80);
        InetSocketAddress dialled = new InetSocketAddress(InetAddress.ofLiteral("10.0.0.2"), 80);
        Pick pick = new Pick(new Random(1)).destination(dialled);
        assertThat(live.balancer().pick(pick)).isNull();
        Host host = live.balancer().pick(pick.lookedUp(found));
        assertThat(host).isNotNull().extracting(Host::address).isEqualTo(found);
    }

    @Test
    void otherTypesOfClustersAreRefusedByName() {
        assertThatThrownBy(() -> CompiledCluster.of(cluster(Any.pack(StringValue.of("x")))))
                .isInstanceOf(CompileException.class)
                .hasMessageContaining("cluster_type")
                .hasMessageContaining("StringValue");
    }

    @ParameterizedTest
    @CsvSource({
        "V4_ONLY, 10.0.0.1, true",
        "V4_ONLY, ::1, false",
        "V6_ONLY, 10.0.0.1, false",
        "V6_ONLY, ::1, true",
        "V4_PREFERRED, ::1, true",
        "AUTO, 10.0.0.1, true"
    })
    void addressesOfAFamily(DnsLookupFamily family, String address, boolean taken) throws CompileException {
        DnsLookup lookup = DnsLookup.of(
                DnsCacheConfig.newBuilder().setDnsLookupFamily(family).build(),
                dev.lateen.proxycore.Place.of("cluster", "c"));
        assertThat(lookup.takes(InetAddress.ofLiteral(address))).isEqualTo(taken);
    }
}
