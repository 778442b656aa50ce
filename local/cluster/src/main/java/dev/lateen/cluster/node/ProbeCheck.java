package dev.lateen.cluster.node;

import dev.lateen.cluster.network.PodNetwork;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.ExecAction;
import io.fabric8.kubernetes.api.model.GRPCAction;
import io.fabric8.kubernetes.api.model.HTTPGetAction;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.TCPSocketAction;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * One check of a container, as a probe or a hook makes it. Connections come from inside the pod, to the pod's address,
 * unless the check names a host.
 */
final class ProbeCheck {
    private final PodSandbox pod;
    private final Container container;
    private final ContainerProcess process;
    private final ContainerPlan plan;

    ProbeCheck(PodSandbox pod, Container container, ContainerProcess process, ContainerPlan plan) {
        this.pod = pod;
        this.container = container;
        this.process = process;
        this.plan = plan;
    }

    /** Null for success, else what went wrong in the kubelet's words. */
    @Nullable
    String exec(ExecAction action, Duration limit) {
        try {
            var result = ContainerCommand.run(process.inside(pod, plan, action.getCommand()), limit);
            if (result.code() == 0) {
                return null;
            }
            return result.code() < 0 ? "command timed out after " + limit.toSeconds() + "s" : result.output();
        } catch (IOException e) {
            return e.getMessage();
        }
    }

    @Nullable
    String tcp(TCPSocketAction action, Duration limit) {
        try (Socket socket = connect(action.getHost(), port(action.getPort()), limit)) {
            return socket.isConnected() ? null : "not connected";
        } catch (IOException | ConfigurationException e) {
            return "dial tcp: " + e.getMessage();
        }
    }

    @Nullable
    String http(HTTPGetAction action, Duration limit) {
        String path = action.getPath() == null || action.getPath().isEmpty() ? "/" : action.getPath();
        String scheme = "HTTPS".equals(action.getScheme()) ? "https" : "http";
        String host = action.getHost() == null || action.getHost().isEmpty()
                ? pod.network().address()
                : action.getHost();
        try (Socket plain = connect(action.getHost(), port(action.getPort()), limit);
                Socket socket = "HTTPS".equals(action.getScheme()) ? secure(plain) : plain) {
            var request = new StringBuilder("GET ").append(path).append(" HTTP/1.1\r\n");
            boolean named = false;
            if (action.getHttpHeaders() != null) {
                for (var header : action.getHttpHeaders()) {
                    named |= header.getName().equalsIgnoreCase("Host");
                    request.append(header.getName())
                            .append(": ")
                            .append(header.getValue())
                            .append("\r\n");
                }
            }
            if (!named) {
                request.append("Host: ")
                        .append(pod.network().address())
                        .append(':')
                        .append(port(action.getPort()))
                        .append("\r\n");
            }
            request.append("User-Agent: kube-probe/1.35\r\nAccept: */*\r\nConnection: close\r\n\r\n");
            socket.getOutputStream().write(request.toString().getBytes(StandardCharsets.ISO_8859_1));
            var reader =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.ISO_8859_1));
            String status = reader.readLine();
            if (status == null || !status.startsWith("HTTP/1.") || status.length() < 12) {
                return "malformed HTTP response";
            }
            int code = Integer.parseInt(status.substring(9, 12));
            return code >= 200 && code < 400 ? null : "HTTP probe failed with statuscode: " + code;
        } catch (IOException | GeneralSecurityException | ConfigurationException | NumberFormatException e) {
            String port = action.getPort().getIntVal() == null
                    ? action.getPort().getStrVal()
                    : action.getPort().getIntVal().toString();
            return "Get \"" + scheme + "://" + host + ":" + port + path + "\": " + e.getMessage();
        }
    }

    @Nullable
    String grpc(GRPCAction action, Duration limit) {
        try (Socket socket = connect(null, action.getPort(), limit)) {
            String service = action.getService() == null ? "" : action.getService();
            return GrpcHealth.check(socket, service) ? null : "service unhealthy (responded with \"NOT_SERVING\")";
        } catch (IOException e) {
            return "failed to connect service at \"" + pod.network().address() + ":" + action.getPort() + "\": "
                    + e.getMessage();
        }
    }

    private Socket connect(@Nullable String host, int port, Duration limit) throws IOException {
        PodNetwork network = pod.network();
        SocketChannel channel = pod.hub().inside(network, () -> SocketChannel.open(StandardProtocolFamily.INET));
        Socket socket = channel.socket();
        try {
            String target = host == null || host.isEmpty() ? network.address() : host;
            socket.connect(new InetSocketAddress(target, port), (int) limit.toMillis());
            socket.setSoTimeout((int) limit.toMillis());
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    private int port(IntOrString port) throws ConfigurationException {
        if (port.getIntVal() != null) {
            return port.getIntVal();
        }
        for (ContainerPort each : container.getPorts()) {
            if (port.getStrVal().equals(each.getName())) {
                return each.getContainerPort();
            }
        }
        try {
            return Integer.parseInt(port.getStrVal());
        } catch (NumberFormatException e) {
            throw new ConfigurationException("the container has no port named " + port.getStrVal());
        }
    }

    private static Socket secure(Socket plain) throws GeneralSecurityException, IOException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new AnyCertificate()}, null);
        return context.getSocketFactory().createSocket(plain, "probe", plain.getPort(), true);
    }

    /** A probe asks whether the container answers, not who it is; Kubernetes does not check certificates here. */
    private static final class AnyCertificate extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, javax.net.ssl.SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, javax.net.ssl.SSLEngine engine) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return List.<X509Certificate>of().toArray(X509Certificate[]::new);
        }
    }
}
