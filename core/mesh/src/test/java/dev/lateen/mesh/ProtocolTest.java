package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lateen.mesh.registry.Protocol;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProtocolTest {
    /** Port, name, transport and appProtocol of a Service's port. */
    @ParameterizedTest
    @CsvSource(textBlock = """
            80,    http,       TCP,  '',                 HTTP
            80,    http-web,   TCP,  '',                 HTTP
            80,    HTTP,       TCP,  '',                 HTTP
            80,    https,      TCP,  '',                 HTTPS
            80,    http2-a,    TCP,  '',                 HTTP2
            80,    grpc,       TCP,  '',                 GRPC
            80,    grpc-web-a, TCP,  '',                 GRPC_WEB
            80,    tcp-http,   TCP,  '',                 TCP
            80,    web,        TCP,  '',                 UNKNOWN
            80,    httpweb,    TCP,  '',                 UNKNOWN
            80,    '',         TCP,  '',                 UNKNOWN
            80,    http,       UDP,  '',                 UDP
            80,    http,       SCTP, '',                 UDP
            80,    tcp,        TCP,  http,               HTTP
            80,    tcp,        TCP,  kubernetes.io/h2c,  HTTP2
            80,    tcp,        TCP,  kubernetes.io/ws,   HTTP
            80,    tcp,        TCP,  kubernetes.io/wss,  HTTPS
            80,    http,       TCP,  corp.io/own,        UNKNOWN
            3306,  '',         TCP,  '',                 TCP
            3306,  http,       TCP,  '',                 HTTP
            27017, db,         TCP,  '',                 TCP
            """)
    void ofServicePorts(int number, String name, String transport, String appProtocol, Protocol expected) {
        assertThat(Protocol.ofServicePort(number, name, transport, appProtocol)).isEqualTo(expected);
    }
}
