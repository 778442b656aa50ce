package dev.lateen.proxy;

import static dev.lateen.proxy.TestMesh.cluster;
import static dev.lateen.proxy.TestMesh.http;
import static dev.lateen.proxy.TestMesh.reply;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A proxy that starts while its control plane is away goes on with what the one before it had. */
final class ConfigurationOnDiskTest {
    private static final String TO_APP = "{match: {prefix: \"/\"}, route: {cluster: \"app\"}}";

    private final TestMesh mesh = new TestMesh();

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    private Path directory;

    @AfterEach
    void stop() {
        mesh.close();
    }

    private String body() {
        try {
            return mesh.get("/").body();
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private String dump() throws Exception {
        URI page = URI.create("http://127.0.0.1:" + mesh.proxy().adminPort() + "/config_dump?include_eds");
        return mesh.send(HttpRequest.newBuilder(page).build()).body();
    }

    private long age() {
        return mesh.metric("lateen_configuration_from_disk_age_seconds");
    }

    @Test
    void startsWithTheLastOne_whileTheControlPlaneIsAway_andTakesItsFirstAnswer() throws Exception {
        int first = mesh.backend(exchange -> reply(exchange, 200, "first"));
        int second = mesh.backend(exchange -> reply(exchange, 200, "second"));
        mesh.keepIn(directory);
        mesh.serve(http("edge", "UNSPECIFIED", "", ""), TO_APP, cluster("app", "", first), cluster("gone", "", first));
        assertThat(body()).isEqualTo("first");
        assertThat(age()).isZero();
        assertThat(dump()).doesNotContain("from disk");

        mesh.stopControlPlane();
        mesh.restartProxy();
        TestMesh.await("it serves what it had", () -> mesh.proxy().ready());
        assertThat(body()).isEqualTo("first");
        assertThat(age()).isPositive();
        assertThat(dump()).contains("\"from disk: ").contains("\"gone\"");

        mesh.restartControlPlane();
        mesh.serve(http("edge", "UNSPECIFIED", "", ""), TO_APP, cluster("app", "", second));
        TestMesh.await("the control plane's configuration is in force", () -> body().equals("second"));
        TestMesh.await("all of it", () -> age() == 0);
        TestMesh.await("and nothing else", () -> !dumpUnchecked().contains("from disk"));
        assertThat(dump()).doesNotContain("\"gone\"");

        mesh.stopControlPlane();
        mesh.restartProxy();
        TestMesh.await("it serves what it had last", () -> mesh.proxy().ready());
        assertThat(body()).isEqualTo("second");
    }

    private String dumpUnchecked() {
        try {
            return dump();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void withTheControlPlaneThere_whatWasKeptIsNotTaken() throws Exception {
        int first = mesh.backend(exchange -> reply(exchange, 200, "first"));
        int second = mesh.backend(exchange -> reply(exchange, 200, "second"));
        mesh.keepIn(directory);
        mesh.serve(http("edge", "UNSPECIFIED", "", ""), TO_APP, cluster("app", "", first));
        assertThat(body()).isEqualTo("first");
        mesh.proxy().close();
        Path file = directory.resolve("configuration.xds");
        assertThat(file).exists();
        byte[] kept = Files.readAllBytes(file);

        mesh.serve(http("edge", "UNSPECIFIED", "", ""), TO_APP, cluster("app", "", second));
        Files.write(file, kept);
        mesh.restartProxy();
        TestMesh.await("it is ready", () -> mesh.proxy().ready());
        assertThat(body()).isEqualTo("second");
        assertThat(age()).isZero();
    }
}
