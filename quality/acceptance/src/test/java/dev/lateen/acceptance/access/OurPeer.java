package dev.lateen.acceptance.access;

import dev.lateen.proxy.Proxy;
import dev.lateen.proxy.ProxyOptions;
import dev.lateen.proxy.tls.IdentityOptions;
import java.io.IOException;
import java.util.Map;

/** Our own proxy, in this process. */
final class OurPeer implements WirePeer {
    private final Role role;
    private final Proxy proxy;

    OurPeer(Role role, int xdsPort, IdentityOptions identity) throws IOException {
        this.role = role;
        ProxyOptions options = ProxyOptions.fromEnvironment(
                        role.proxy(),
                        "127.0.0.1:" + xdsPort,
                        role.labels(),
                        Map.of("POD_NAMESPACE", "default", "POD_NAME", role.pod(), "INSTANCE_IP", role.address()))
                .withFreePorts()
                .withIdentity(identity);
        proxy = Proxy.start(options);
    }

    @Override
    public void awaitReady() throws InterruptedException {
        for (int i = 0; i < 2000 && !(proxy.ready() && Pod.isOpen(role.port())); i++) {
            Thread.sleep(10);
        }
    }

    @Override
    public void close() {
        proxy.close();
    }
}
