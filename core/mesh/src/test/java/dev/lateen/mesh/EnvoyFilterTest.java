package dev.lateen.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EnvoyFilterTest {
    private static final String CLUSTER = "outbound|80||web.default.svc.cluster.local";

    private static Mesh filtered(String patch) {
        return new Mesh().service("web", "http", 80, 2).with("""
                apiVersion: networking.istio.io/v1alpha3
                kind: EnvoyFilter
                metadata: {name: f}
                spec: {configPatches: [%s]}
                """.formatted(patch));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {applyTo: CLUSTER, patch: {operation: MERGE, value: {conect_timeout: 1s}}}  | Cannot find field: conect_timeout
            {applyTo: CLUSTER, patch: {operation: MERGE, value: {type: NONE}}}          | Invalid enum value: NONE
            {applyTo: HTTP_FILTER, patch: {operation: ADD, value: {name: x, typed_config: {"@type": type.googleapis.com/no.such.Thing}}}} | names a message that is not known: no.such.Thing
            """)
    void whatCannotBeReadIsRefused(String patch, String words) {
        Mesh mesh = filtered(patch);
        assertThat(mesh.snapshot().problems())
                .singleElement()
                .asString()
                .contains("test.yaml:", "spec.configPatches[0].patch.value", words);
        assertThat(mesh.cluster(CLUSTER).getConnectTimeout().getSeconds()).isEqualTo(10);
    }

    @Test
    void proxiesShareWhatIsChanged() {
        Mesh mesh = filtered("{applyTo: CLUSTER, patch: {operation: MERGE, value: {connect_timeout: 1s}}}");
        Message one = mesh.cluster(CLUSTER);
        assertThat(mesh.at("10.244.0.10").cluster(CLUSTER)).isSameAs(one);
        Message next = new Mesh(mesh.snapshot()).service("other", "http", 80, 1).cluster(CLUSTER);
        assertThat(next).isSameAs(one);
    }
}
