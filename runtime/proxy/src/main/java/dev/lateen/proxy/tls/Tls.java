package dev.lateen.proxy.tls;

import dev.lateen.proxycore.tls.ClientTls;
import dev.lateen.proxycore.tls.PeerCertificate;
import dev.lateen.proxycore.tls.ServerTls;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.internal.tcnative.SSL;
import java.nio.charset.StandardCharsets;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.StandardConstants;
import org.jspecify.annotations.Nullable;

/** Wraps connections in TLS. Used on the event loop of each connection. */
public final class Tls {
    private static final Duration LONGEST_HANDSHAKE = Duration.ofSeconds(15);

    private final TlsContexts contexts;

    public Tls(TlsContexts contexts) {
        this.contexts = contexts;
    }

    /**
     * What a handshake brought.
     *
     * @param peer the other end's certificate, verified as configured; null without one
     * @param protocol of ALPN, or empty
     */
    public record Session(@Nullable PeerCertificate peer, String protocol) {
        /** The protocol as a list, which is empty when ends have not agreed on one. */
        public List<String> protocols() {
            return protocol.isEmpty() ? List.of() : List.of(protocol);
        }
    }

    /** Who is told how a handshake ended. */
    public interface Outcome {
        /** It is done; handlers that are added now get what the other end says. */
        void secured(Session session);

        /** It failed; the connection is closed afterwards. */
        void failed(String reason);
    }

    /**
     * Waits for a client's handshake on an accepted connection.
     *
     * @param timeout how long it may take; zero for the default
     */
    public void accept(Channel channel, ServerTls tls, Duration timeout, Outcome outcome) {
        SslHandler handler;
        try {
            handler = contexts.server(tls).newHandler(channel.alloc());
        } catch (TlsUnavailable e) {
            outcome.failed(String.valueOf(e.getMessage()));
            var _ = channel.close();
            return;
        }
        Duration patience = timeout.isZero() ? LONGEST_HANDSHAKE : timeout;
        if (!tls.resumes() && handler.engine() instanceof ReferenceCountedOpenSslEngine openSsl) {
            SSL.setOptions(openSsl.sslPointer(), SSL.SSL_OP_NO_TICKET);
        }
        handler.setHandshakeTimeoutMillis(patience.toMillis());
        channel.pipeline().addLast("tls", handler).addLast("handshake", new Handshake(outcome, tls));
    }

    /** A handler that makes the handshake with an endpoint once it is connected. */
    public SslHandler connect(Channel channel, ClientTls tls, Duration timeout) throws TlsUnavailable {
        var context = contexts.client(tls);
        SslHandler handler = tls.serverName().isEmpty()
                ? context.newHandler(channel.alloc())
                : context.newHandler(channel.alloc(), tls.serverName(), 443);
        if (!tls.serverName().isEmpty()) {
            askFor(tls.serverName(), handler.engine());
        }
        handler.setHandshakeTimeoutMillis(timeout.toMillis());
        return handler;
    }

    /**
     * Netty and the JDK ask by themselves only for names that DNS can have; a mesh endpoint's is none ({@code
     * outbound_.80_._.web.default.svc.cluster.local}).
     */
    private static void askFor(String serverName, SSLEngine engine) {
        if (engine instanceof ReferenceCountedOpenSslEngine openSsl) {
            SSL.setTlsExtHostName(openSsl.sslPointer(), serverName);
        } else {
            SSLParameters parameters = engine.getSSLParameters();
            parameters.setServerNames(List.of(new EndpointName(serverName)));
            engine.setSSLParameters(parameters);
        }
    }

    /** A host name in TLS (RFC 6066, section 3) with whatever letters; the JDK's own class takes those of DNS alone. */
    private static final class EndpointName extends SNIServerName {
        EndpointName(String name) {
            super(StandardConstants.SNI_HOST_NAME, name.getBytes(StandardCharsets.UTF_8));
        }
    }

    /** Notes for logs what the handshake with an endpoint, which is done, settled. */
    public static void note(Channel channel, ClientTls tls) {
        SslHandler handler = channel.pipeline().get(SslHandler.class);
        if (handler != null) {
            ConnectionTls.note(channel, handler.engine().getSession(), true, tls.serverName());
        }
    }

    /** What the handshake of a connection brought; null where there was none. */
    public static @Nullable Session session(Channel channel) {
        SslHandler handler = channel.pipeline().get(SslHandler.class);
        return handler == null
                ? null
                : new Session(peer(handler.engine()), Objects.requireNonNullElse(handler.applicationProtocol(), ""));
    }

    private static @Nullable PeerCertificate peer(SSLEngine engine) {
        List<X509Certificate> chain = chain(engine.getSession());
        return chain.isEmpty() ? null : Certificates.peer(chain);
    }

    /** The other end's certificates; empty where it showed none, which it need not. */
    private static List<X509Certificate> chain(SSLSession session) {
        try {
            List<X509Certificate> chain = new ArrayList<>();
            for (Certificate certificate : session.getPeerCertificates()) {
                chain.add((X509Certificate) certificate);
            }
            return chain;
        } catch (SSLPeerUnverifiedException e) {
            return List.of();
        }
    }

    /** Waits for the end of the handshake, then goes. */
    private final class Handshake extends ChannelInboundHandlerAdapter {
        private final Outcome outcome;
        private final ServerTls tls;
        private boolean done;

        Handshake(Outcome outcome, ServerTls tls) {
            this.outcome = outcome;
            this.tls = tls;
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (!(event instanceof SslHandshakeCompletionEvent completed) || done) {
                ctx.fireUserEventTriggered(event);
                return;
            }
            done = true;
            if (completed.isSuccess()) {
                outcome.secured(verified(ctx.channel()));
                ctx.pipeline().remove(this);
            } else {
                outcome.failed(describe(completed.cause()));
                var _ = ctx.close();
            }
        }

        /** A client that was let in untrusted is nobody. */
        private Session verified(Channel channel) {
            Session session = Objects.requireNonNull(session(channel));
            SslHandler handler = channel.pipeline().get(SslHandler.class);
            boolean known = !tls.rules().acceptUntrusted()
                    || contexts.verifies(tls.rules(), chain(handler.engine().getSession()));
            ConnectionTls.note(channel, handler.engine().getSession(), known, "");
            return known ? session : new Session(null, session.protocol());
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            // Told before, by the event.
            var _ = ctx.close();
        }
    }

    /** Why a handshake failed, for people: what was said of the certificate, else the innermost reason. */
    public static String describe(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null && !(cause instanceof CertificateException)) {
            cause = cause.getCause();
        }
        String reason = cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        return "TLS handshake failed: " + reason;
    }
}
