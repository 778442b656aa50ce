package dev.lateen.cluster.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ImageCatalogueTest {
    private static final Map<String, String> VARIABLES = Map.of(
            "LATEEN_HOME",
            "/home/l",
            "JAVA_HOME",
            "/jdk",
            "SAMPLES",
            "/s.jar",
            "AOT_SAMPLES",
            "",
            "AOT_CONTROL",
            "",
            "AOT_PROXY",
            "",
            "ENVOY",
            "");

    @ParameterizedTest
    @CsvSource(textBlock = """
                    tkubica/web:1,                    dev.lateen.samples.Web
                    docker.io/tkubica/web:2,          dev.lateen.samples.Web
                    tkubica/web,                      none
                    tkubica/web:3,                    none
                    tkubica/retry-backend,            dev.lateen.samples.RetryBackend
                    tkubica/retry-backend:old,        dev.lateen.samples.RetryBackend
                    yokogawa/siege:latest,            dev.lateen.samples.Siege
                    localhost:5000/team/siege,        dev.lateen.samples.Siege
                    curlimages/curl@sha256:00ff,      infinity
                    docker.io/library/busybox:1.36,   sh
                    lateen/envoy,                     proxy
                    lateen/proxy-init,                /home/l/bin/lateen-iptables
                    nginx,                            none
                    """)
    void findsTheProgramThatStandsForAnImage(String image, String last) throws Exception {
        String found = ImageCatalogue.load(List.of(), VARIABLES)
                .find(image)
                .map(i ->
                        i.command().isEmpty() ? i.args().getLast() : i.command().getLast())
                .orElse("none");
        assertThat(found).isEqualTo(last);
    }

    @Test
    void aProjectsEntryRunsInItsDirectoryAndWinsOverAnEarlierOne() throws Exception {
        Image image = ImageCatalogue.of("lateen-images.yaml", """
                        images:
                        - {name: orders, command: ["false"]}
                        - {name: "orders:1", command: [java, "${X}", -jar, target/orders.jar], env: {HOME: "${PROJECT}"}}
                        """, Map.of("X", ""))
                .find("orders:1")
                .orElseThrow();
        assertThat(image.command()).containsExactly("java", "-jar", "target/orders.jar");
        assertThat(image.workingDir()).isEqualTo("/project");
        assertThat(image.env()).containsEntry("HOME", "/project");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    images: {}                                   | f: expected a list under "images"
                    images: [{name: a}]                          | f: images[0]: must name a program in command or args
                    images: [{command: [a]}]                     | f: images[0].name: must be a string
                    images: [{name: a, command: a}]              | f: images[0].command: must be a list of strings
                    images: [{name: a, cmd: [a]}]                | f: images[0].cmd: unknown field; known are args, command, env, mounts, name, ports, workingDir
                    images: [{name: a, command: ["${NO}"]}]      | f: images[0].command[0]: unknown variable ${NO}; known are PROJECT
                    """)
    void refusesWhatItDoesNotUnderstand(String yaml, String message) {
        assertThatThrownBy(() -> ImageCatalogue.of("f", yaml, Map.of()))
                .isInstanceOf(CatalogueException.class)
                .hasMessage(message);
    }
}
