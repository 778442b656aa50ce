package dev.lateen.xds.server;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Lets no call through without knowing whose it is. */
final class Authentication implements ServerInterceptor {
    private static final Logger log = LoggerFactory.getLogger(Authentication.class);
    private static final Metadata.Key<String> AUTHORIZATION =
            Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
    private static final String BEARER = "Bearer ";

    private final Authenticator authenticator;

    Authentication(Authenticator authenticator) {
        this.authenticator = authenticator;
    }

    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
        PeerIdentity peer;
        try {
            peer = authenticator.authenticate(
                    new Authenticator.Credentials(token(headers), certificates(call), address(call)));
        } catch (SecurityException e) {
            log.warn(
                    "Refused a call from {}: {}",
                    call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR),
                    e.getMessage());
            call.close(Status.UNAUTHENTICATED.withDescription(e.getMessage()), new Metadata());
            return new ServerCall.Listener<>() {};
        } catch (StatusRuntimeException e) {
            // Not a line for each: whoever calls too often would fill the log.
            log.debug("Put off a call from {}: {}", address(call), e.getMessage());
            call.close(e.getStatus(), new Metadata());
            return new ServerCall.Listener<>() {};
        } catch (RuntimeException e) {
            log.error("Cannot find out who calls", e);
            call.close(
                    Status.UNAVAILABLE.withDescription("the control plane cannot check credentials now"),
                    new Metadata());
            return new ServerCall.Listener<>() {};
        }
        return Contexts.interceptCall(Context.current().withValue(PeerIdentity.CURRENT, peer), call, headers, next);
    }

    private static String token(Metadata headers) {
        String value = headers.get(AUTHORIZATION);
        return value != null && value.startsWith(BEARER)
                ? value.substring(BEARER.length()).strip()
                : "";
    }

    private static String address(ServerCall<?, ?> call) {
        SocketAddress remote = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
        return remote instanceof InetSocketAddress socket
                ? socket.getAddress().getHostAddress()
                : String.valueOf(remote);
    }

    private static List<X509Certificate> certificates(ServerCall<?, ?> call) {
        SSLSession session = call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
        List<X509Certificate> certificates = new ArrayList<>();
        if (session != null) {
            try {
                for (Certificate certificate : session.getPeerCertificates()) {
                    certificates.add((X509Certificate) certificate);
                }
            } catch (SSLPeerUnverifiedException e) {
                return List.of(); // the client showed none, which it need not
            }
        }
        return certificates;
    }
}
