package dev.lateen.proxy.tls;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import io.envoyproxy.envoy.config.core.v3.DataSource;
import io.envoyproxy.envoy.config.core.v3.TransportSocket;

/** TLS as the control plane writes it. */
final class TlsMessages {
    private TlsMessages() {}

    static DataSource text(String pem) {
        return DataSource.newBuilder().setInlineString(pem).build();
    }

    static TransportSocket socket(Message context) {
        return TransportSocket.newBuilder()
                .setName("envoy.transport_sockets.tls")
                .setTypedConfig(Any.pack(context))
                .build();
    }
}
