package dev.lateen.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The states and events are those of a kubelet that cannot pull an image. */
class MissingImageTest {
    private static final String WHY =
            "no entry for image \"a:1\" in the image catalogue: nothing is pulled here; add it to lateen-images.yaml"
                    + " (images: [{name: a:1, command: [...]}]) and start the cluster again";

    @Test
    void theFirstTime() {
        MissingImage missing = new MissingImage("a:1", false);
        assertThat(missing.state()).isEqualTo(new ContainerState.Waiting("ErrImagePull", WHY));
        assertThat(missing.events())
                .isEqualTo(List.of(
                        new MissingImage.Event(false, "Pulling", "Pulling image \"a:1\""),
                        new MissingImage.Event(true, "Failed", "Failed to pull image \"a:1\": " + WHY),
                        new MissingImage.Event(true, "Failed", "Error: ErrImagePull")));
        assertThat(missing.retry()).isEqualTo(Duration.ofSeconds(2));
    }

    @Test
    void again() {
        MissingImage missing = new MissingImage("a:1", true);
        assertThat(missing.state())
                .isEqualTo(new ContainerState.Waiting(
                        "ImagePullBackOff", "Back-off pulling image \"a:1\": ErrImagePull: " + WHY));
        assertThat(missing.events())
                .isEqualTo(List.of(
                        new MissingImage.Event(false, "BackOff", "Back-off pulling image \"a:1\""),
                        new MissingImage.Event(true, "Failed", "Error: ImagePullBackOff")));
        assertThat(missing.retry()).isEqualTo(Duration.ofSeconds(10));
    }
}
