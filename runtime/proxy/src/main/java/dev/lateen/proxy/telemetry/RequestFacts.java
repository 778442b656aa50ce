package dev.lateen.proxy.telemetry;

import dev.lateen.proxycore.cluster.Host;
import dev.lateen.proxycore.tls.PeerCertificate;
import org.jspecify.annotations.Nullable;

/** What is known of a request when it is over, as far as metrics care. */
public interface RequestFacts {
    /** Whether it came to this workload. */
    boolean inbound();

    /** The other side, when it told who it is. */
    @Nullable
    Workload peer();

    /** The certificate of the client, when there was one. */
    @Nullable
    PeerCertificate certificate();

    /** Who was asked last. */
    @Nullable
    Host host();

    /** The cluster of its route; empty for none. */
    String cluster();

    /** The name of its route; empty for none. */
    String routeName();

    /** The host that the client asked for. */
    String authority();

    /** Whether it is a call of gRPC. */
    boolean grpc();

    /** The status of gRPC, or empty. */
    String grpcStatus();

    /** The status of the answer; 0 for none. */
    int status();

    /** The response flags. */
    long flags();

    /** From its head to its end. */
    long durationMillis();

    /** Messages of gRPC from the client; 0 for what is none. */
    long requestMessages();

    /** Messages of gRPC to the client; 0 for what is none. */
    long responseMessages();

    /** Bytes from the client, head and content, without framing. */
    long requestBytes();

    /** Bytes to the client, head and content, without framing. */
    long responseBytes();
}
