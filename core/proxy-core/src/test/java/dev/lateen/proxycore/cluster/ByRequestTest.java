package dev.lateen.proxycore.cluster;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Any;
import com.google.protobuf.StringValue;
import com.google.protobuf.UInt32Value;
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
import java.time.Duration;
import java.util.Random;
import org.jspecify.annotations.Nullable;
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

    private static LiveCluster live(DnsCacheConfig cache) throws CompileException {
        ClusterConfig config =
                ClusterConfig.newBuilder().setDnsCacheConfig(cache).build();
        return LiveCluster.of(CompiledCluster.of(cluster(Any.pack(config))), new Random(1));
    }

    private static @Nullable Host pick(LiveCluster live, int last) {
        InetSocketAddress address = new InetSocketAddress(InetAddress.ofLiteral("10.0.0." + last), 80);
        return live.balancer().pick(new Pick(new Random(1)).lookedUp(address));
    }

    /** Envoy's defaults of host_ttl and max_hosts. */
    @Test
    void defaults() throws CompileException {
        assertThat(live(DnsCacheConfig.getDefaultInstance()).config().discovery())
                .isEqualTo(new Discovery.ByRequest(Duration.ofMinutes(5), 1024));
    }

    @Test
    void hostsAreNoMoreThanMayBe_andThoseThatCarryNothingMakeRoom() throws CompileException {
        LiveCluster live =
                live(DnsCacheConfig.newBuilder().setMaxHosts(UInt32Value.of(2)).build());
        Host first = requireNonNull(pick(live, 1));
        Host second = requireNonNull(pick(live, 2));
        first.requestStarted();
        second.requestStarted();
        assertThat(pick(live, 3)).isNull();
        assertThat(live.balancer().whyNone()).contains("2 addresses").contains("max_hosts");
        assertThat(pick(live, 1)).isSameAs(first);
        second.requestEnded(true);
        assertThat(pick(live, 3)).isNotNull();
        assertThat(live.hosts().current().all()).hasSize(2).contains(first).doesNotContain(second);
    }

    @Test
    void aHostThatNobodyUses_isForgottenAtTheSecondLook() throws CompileException {
        LiveCluster live = live(DnsCacheConfig.getDefaultInstance());
        Host used = requireNonNull(pick(live, 1));
        Host busy = requireNonNull(pick(live, 2));
        Host idle = requireNonNull(pick(live, 3));
        busy.requestStarted();
        idle.connectionOpened(); // kept for requests that do not come
        assertThat(live.hosts().forgetIdle()).isEmpty();
        used.requestStarted();
        used.requestEnded(true);
        assertThat(live.hosts().forgetIdle()).containsExactly(idle);
        busy.requestEnded(true);
        assertThat(live.hosts().forgetIdle()).containsExactlyInAnyOrder(used, busy);
        assertThat(live.hosts().current().all()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"0, 10, host_ttl", "10, 0, max_hosts"})
    void neitherMayBeZero(int seconds, int hosts, String field) {
        DnsCacheConfig cache = DnsCacheConfig.newBuilder()
                .setHostTtl(com.google.protobuf.Duration.newBuilder().setSeconds(seconds))
                .setMaxHosts(UInt32Value.of(hosts))
                .build();
        assertThatThrownBy(() -> live(cache))
                .isInstanceOf(CompileException.class)
                .hasMessageContaining(field);
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
