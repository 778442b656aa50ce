package dev.lateen.cluster.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Base64;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class ProtobufTest {
    @Test
    void configMapOfKubectlCreate_isRead() throws ApiException {
        // kubectl create configmap x --from-literal=a=b
        byte[] body = Base64.getDecoder()
                .decode("azhzAAoPCgJ2MRIJQ29uZmlnTWFwEiQKGgoBeBIAGgdkZWZhdWx0IgAqADIAOABCAEoAEgYKAWESAWI=");
        assertThat(Protobuf.object(body))
                .hasToString("{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\","
                        + "\"metadata\":{\"name\":\"x\",\"namespace\":\"default\"},\"data\":{\"a\":\"b\"}}");
    }

    @Test
    void otherBytes_areRefusedInWords() {
        assertThatThrownBy(() -> Protobuf.object(new byte[] {1, 2, 3, 4, 5}))
                .isInstanceOf(ApiException.class)
                .hasMessageContaining("does not begin with the four bytes");
    }

    @Property(tries = 500)
    void anyContent_isReadOrRefused(@ForAll byte[] content) {
        byte[] body = new byte[content.length + 25];
        byte[] head = Base64.getDecoder().decode("azhzAAoPCgJ2MRIJQ29uZmlnTWFw");
        System.arraycopy(head, 0, body, 0, head.length);
        body[head.length] = 0x12;
        body[head.length + 1] = (byte) Math.min(content.length, 127);
        System.arraycopy(content, 0, body, head.length + 2, content.length);
        assertThatCode(() -> {
                    try {
                        Protobuf.object(body);
                    } catch (ApiException refused) {
                        assertThat(refused.code()).isIn(400, 415);
                    }
                })
                .doesNotThrowAnyException();
    }
}
