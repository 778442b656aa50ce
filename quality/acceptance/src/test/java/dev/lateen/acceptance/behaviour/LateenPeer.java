package dev.lateen.acceptance.behaviour;

import dev.lateen.proxy.Proxy;
import dev.lateen.proxy.ProxyOptions;
import java.io.IOException;
import java.util.Map;

/** Our own proxies, in this process. */
final class LateenPeer implements Peer {
    private final Proxy sidecar;
    private final Proxy router;

    LateenPeer(int xdsPort) throws IOException {
        String control = "127.0.0.1:" + xdsPort;
        this.sidecar = Proxy.start(options(
                ProxyOptions.Role.SIDECAR,
                control,
                World.CLIENT,
                "client",
                "default",
                Map.of("app", "client", "version", "v9")));
        this.router = Proxy.start(options(
                ProxyOptions.Role.ROUTER,
                control,
                World.GATEWAY,
                "gateway",
                "istio-system",
                Map.of("istio", "ingressgateway")));
    }

    private static ProxyOptions options(
            ProxyOptions.Role role,
            String control,
            String address,
            String name,
            String namespace,
            Map<String, String> labels) {
        return ProxyOptions.fromEnvironment(
                        role,
                        control,
                        labels,
                        Map.of(
                                "POD_NAMESPACE",
                                namespace,
                                "POD_NAME",
                                name,
                                "INSTANCE_IP",
                                address,
                                "ISTIO_META_ISTIO_VERSION",
                                World.VERSION))
                .withFreePorts();
    }

    @Override
    public boolean settled() {
        return sidecar.settled() && router.settled();
    }

    @Override
    public void close() {
        sidecar.close();
        router.close();
    }
}
