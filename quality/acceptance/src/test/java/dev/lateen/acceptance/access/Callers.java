package dev.lateen.acceptance.access;

import dev.lateen.acceptance.access.AccessTable.Question;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/** Asks the questions of the table over the wire, as other workloads of the mesh and as those outside of it. */
final class Callers {
    private static final int PATIENCE_MILLIS = 20_000;

    private final WireAuthority authority;
    private final Tokens tokens;
    private final Map<String, SSLContext> contexts = new HashMap<>();

    Callers(WireAuthority authority, Tokens tokens) {
        this.authority = authority;
        this.tokens = tokens;
    }

    /** Begins with {@code allowed} when the workload, or the gateway, has answered. */
    String ask(Role role, Question question) throws IOException {
        InetSocketAddress from = new InetSocketAddress(InetAddress.ofLiteral(question.fact("ip", "10.244.0.7")), 0);
        int port = role == Role.WORKLOAD ? Integer.parseInt(question.fact("port", "8080")) : role.port();
        try (Socket plain = new Socket()) {
            // All that takes time comes first: who is silent at the beginning is taken for a protocol whose server
            // speaks.
            SSLContext context = question.who().equals("-") ? null : context(question);
            byte[] says =
                    (question.isTcp() ? "hello\r\n\r\n" : request(question)).getBytes(StandardCharsets.ISO_8859_1);
            plain.bind(from);
            plain.connect(new InetSocketAddress(InetAddress.ofLiteral(role.address()), port), PATIENCE_MILLIS);
            plain.setSoTimeout(PATIENCE_MILLIS);
            if (question.facts().containsKey("sni")) {
                return exchange(plain, clientHello(question.fact("sni", "")));
            }
            Socket socket = context == null ? plain : secured(plain, context, question);
            return exchange(socket, says);
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    private String request(Question question) {
        String[] words = question.what().split(" ", 2);
        int slash = words[1].indexOf('/');
        StringBuilder head = new StringBuilder(words[0])
                .append(' ')
                .append(words[1].substring(slash))
                .append(" HTTP/1.1\r\nhost: ")
                .append(words[1], 0, slash)
                .append("\r\nconnection: close\r\n");
        question.facts().forEach((name, value) -> {
            if (name.startsWith("h.")) {
                head.append(name.substring(2)).append(": ").append(value).append("\r\n");
            } else if (name.equals("claims")) {
                head.append("authorization: Bearer ")
                        .append(tokens.with(value, question.fact("token", "signed")))
                        .append("\r\n");
            }
        });
        return head.append("\r\n").toString();
    }

    private static String exchange(Socket socket, byte[] says) throws IOException {
        socket.getOutputStream().write(says);
        socket.getOutputStream().flush();
        InputStream in = socket.getInputStream();
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        for (int b = in.read(); b >= 0 && b != '\n'; b = in.read()) {
            answer.write(b);
        }
        String line = answer.toString(StandardCharsets.ISO_8859_1).strip();
        return line.contains(" 200 ") ? "allowed: " + line : "refused: " + line;
    }

    private SSLContext context(Question question) throws IOException, GeneralSecurityException {
        String[] identity = question.identity();
        String uri = "spiffe://" + identity[0] + "/ns/" + identity[1] + "/sa/" + identity[2];
        SSLContext context = contexts.get(uri);
        if (context == null) {
            context = context(authority.issue(uri));
            contexts.put(uri, context);
        }
        return context;
    }

    private static Socket secured(Socket plain, SSLContext context, Question question) throws IOException {
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, "web", 443, true);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setApplicationProtocols(
                question.isTcp() ? new String[] {"istio"} : new String[] {"istio-http/1.1", "http/1.1"});
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        return socket;
    }

    private SSLContext context(WireAuthority.Identity identity) throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("own", identity.key().getPrivate(), new char[0], new Certificate[] {identity.certificate()});
        KeyManagerFactory keys = KeyManagerFactory.getInstance("SunX509");
        keys.init(store, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), new TrustManager[] {new Workload()}, null);
        return context;
    }

    /** The first bytes of TLS for a server of this name. */
    static byte[] clientHello(String name) throws IOException, GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, null, null);
        SSLEngine engine = context.createSSLEngine();
        engine.setUseClientMode(true);
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setServerNames(List.of(new SNIHostName(name)));
        engine.setSSLParameters(parameters);
        ByteBuffer hello = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
        engine.wrap(ByteBuffer.allocate(0), hello);
        hello.flip();
        byte[] bytes = new byte[hello.remaining()];
        hello.get(bytes);
        return bytes;
    }

    /** Believes the workload alone. */
    private final class Workload implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {
            throw new IllegalStateException("a client only");
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType)
                throws java.security.cert.CertificateException {
            try {
                chain[0].verify(authority.root().getPublicKey());
                if (!String.valueOf(chain[0].getSubjectAlternativeNames()).contains(WireAuthority.WORKLOAD)) {
                    throw new java.security.cert.CertificateException("not the workload");
                }
            } catch (GeneralSecurityException e) {
                throw new java.security.cert.CertificateException(e);
            }
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
