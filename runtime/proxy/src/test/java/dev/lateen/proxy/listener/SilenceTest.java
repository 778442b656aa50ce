package dev.lateen.proxy.listener;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.protobuf.UInt32Value;
import dev.lateen.proxycore.ConnectionFacts;
import dev.lateen.proxycore.listener.CompiledListener;
import io.envoyproxy.envoy.config.core.v3.Address;
import io.envoyproxy.envoy.config.core.v3.SocketAddress;
import io.envoyproxy.envoy.config.core.v3.TransportSocket;
import io.envoyproxy.envoy.config.listener.v3.Filter;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.FilterChainMatch;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.CommonTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext;
import io.envoyproxy.envoy.extensions.transport_sockets.tls.v3.SdsSecretConfig;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** For how long a client is waited for: a server's greeting must not reach one that was about to speak TLS. */
class SilenceTest {
    private static FilterChain chain(String name, int port, boolean tls) {
        FilterChain.Builder chain = FilterChain.newBuilder()
                .setName(name)
                .addFilters(Filter.newBuilder()
                        .setName("tcp")
                        .setTypedConfig(Any.pack(TcpProxy.newBuilder()
                                .setStatPrefix("tcp")
                                .setCluster("app")
                                .build())));
        FilterChainMatch.Builder match = FilterChainMatch.newBuilder().setTransportProtocol(tls ? "tls" : "raw_buffer");
        if (port > 0) {
            match.setDestinationPort(UInt32Value.of(port));
        }
        if (tls) {
            chain.setTransportSocket(TransportSocket.newBuilder()
                    .setName("tls")
                    .setTypedConfig(Any.pack(DownstreamTlsContext.newBuilder()
                            .setCommonTlsContext(CommonTlsContext.newBuilder()
                                    .addTlsCertificateSdsSecretConfigs(
                                            SdsSecretConfig.newBuilder().setName("default")))
                            .build())));
        }
        return chain.setFilterChainMatch(match).build();
    }

    @ParameterizedTest(name = "{0}, port {1}, greeted before: {2}")
    @CsvSource({
        "permissive,    3306, false, 500",
        "permissive,    3306, true,  500",
        "plain,         3306, false, 50",
        "plain,         3306, true,  0",
        "plain at 3306, 3306, true,  0",
        "plain at 3306, 3307, true,  500",
        "tls at 3306,   3306, true,  500",
        "tls at 3306,   3307, true,  0",
    })
    void aClientIsWaitedFor_longerWhereItMaySpeakTls(String chains, int port, boolean greeted, long millis)
            throws Exception {
        Listener.Builder listener = Listener.newBuilder()
                .setName("virtualInbound")
                .setAddress(Address.newBuilder()
                        .setSocketAddress(SocketAddress.newBuilder()
                                .setAddress("127.0.0.1")
                                .setPortValue(15006)))
                .addFilterChains(chain("any", 0, false));
        switch (chains) {
            case "permissive" -> listener.addFilterChains(chain("any tls", 0, true));
            case "plain at 3306" ->
                listener.addFilterChains(chain("any tls", 0, true)).addFilterChains(chain("own", 3306, false));
            case "tls at 3306" -> listener.addFilterChains(chain("own", 3306, true));
            default -> {}
        }
        InetAddress loopback = InetAddress.getLoopbackAddress();
        ConnectionFacts facts =
                ConnectionFacts.plain(new InetSocketAddress(loopback, port), new InetSocketAddress(loopback, 1));
        assertThat(Inspector.silence(CompiledListener.of(listener.build()), facts, greeted))
                .isEqualTo(millis * 1_000_000);
    }
}
