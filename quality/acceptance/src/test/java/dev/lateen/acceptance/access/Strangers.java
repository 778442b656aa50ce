package dev.lateen.acceptance.access;

import dev.lateen.acceptance.access.WireAuthority.Identity;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/** TLS of those who believe everybody, and show whatever they have. */
final class Strangers {
    private static final int PATIENCE_MILLIS = 5_000;

    private Strangers() {}

    /**
     * Says something over TLS.
     *
     * @param shown the certificate, if any
     * @param name for the handshake; empty for none
     * @param protocols that are offered
     * @return what comes back, as far as it comes soon; why nothing does, otherwise
     */
    static String say(
            String address, int port, Optional<Identity> shown, String name, List<String> protocols, String words)
            throws GeneralSecurityException {
        SSLContext context = context(shown);
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        try (Socket plain = new Socket()) {
            plain.connect(new InetSocketAddress(InetAddress.ofLiteral(address), port), PATIENCE_MILLIS);
            plain.setSoTimeout(PATIENCE_MILLIS);
            SSLSocket socket = (SSLSocket)
                    context.getSocketFactory().createSocket(plain, name.isEmpty() ? null : name, port, true);
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setApplicationProtocols(protocols.toArray(String[]::new));
            if (!name.isEmpty()) {
                parameters.setServerNames(List.of(new SNIHostName(name)));
            }
            socket.setSSLParameters(parameters);
            socket.getOutputStream().write(words.getBytes(StandardCharsets.US_ASCII));
            socket.getInputStream().transferTo(answer);
            return answer.toString(StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return answer.toString(StandardCharsets.ISO_8859_1) + " and then " + e;
        }
    }

    /** A server of TLS in somebody's place. */
    static final class Server implements AutoCloseable {
        private final SSLServerSocket socket;
        private final AtomicBoolean heard = new AtomicBoolean();

        Server(int port, Identity shown) throws GeneralSecurityException, IOException {
            socket = (SSLServerSocket)
                    context(Optional.of(shown)).getServerSocketFactory().createServerSocket();
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(port), 128);
            Thread.ofVirtual().start(this::accept);
        }

        private void accept() {
            while (!socket.isClosed()) {
                try {
                    Socket client = socket.accept();
                    Thread.ofVirtual().start(() -> answer(client));
                } catch (IOException e) {
                    // Closed, or a caller that went away.
                }
            }
        }

        private void answer(Socket client) {
            try (client) {
                client.setSoTimeout(PATIENCE_MILLIS);
                if (client.getInputStream().read() >= 0) {
                    heard.set(true);
                    client.getOutputStream()
                            .write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                                    .getBytes(StandardCharsets.US_ASCII));
                }
            } catch (IOException e) {
                // The caller does not believe it.
            }
        }

        /** Whether a caller said something, its handshake over. */
        boolean heard() {
            return heard.get();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    private static SSLContext context(Optional<Identity> shown) throws GeneralSecurityException {
        try {
            KeyManager[] keys = {};
            if (shown.isPresent()) {
                KeyStore store = KeyStore.getInstance("PKCS12");
                store.load(null, null);
                store.setKeyEntry("own", shown.get().key().getPrivate(), new char[0], new Certificate[] {
                    shown.get().certificate()
                });
                KeyManagerFactory factory = KeyManagerFactory.getInstance("SunX509");
                factory.init(store, new char[0]);
                keys = factory.getKeyManagers();
            }
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys, new TrustManager[] {new Everybody()}, null);
            return context;
        } catch (IOException e) {
            throw new GeneralSecurityException(e);
        }
    }

    private static final class Everybody extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, javax.net.ssl.SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, javax.net.ssl.SSLEngine engine) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
