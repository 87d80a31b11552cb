"""What teachers say: worked out once, for images as the student will see them."""

import torch
from torch.nn import functional as F

from mnist_model.dataset import Split
from mnist_model.distillation import distillation_loss, prepare_lessons
from mnist_model.model import create_model
from mnist_model.training import TrainConfig, Trainer


def test_the_lessons_are_what_the_teachers_say_of_the_variants(digits: Split) -> None:
    """Each image varies from one variant to the next, and its logits are the teachers' mean for that very variant."""
    torch.manual_seed(0)
    teachers = [create_model("mlp"), create_model("mlp")]
    lessons = prepare_lessons(digits.images[:40], teachers, variants=3, seed=5)
    assert lessons.images.shape == (3, 40, 28, 28)
    assert lessons.images.dtype == torch.uint8
    assert (lessons.images[0] != lessons.images[1]).any(dim=(1, 2)).all()
    with torch.inference_mode():
        said = torch.stack([teacher(lessons.images[2]) for teacher in teachers]).mean(dim=0)
    assert torch.allclose(lessons.logits[2].float(), said, atol=0.05)  # in bfloat16


def test_the_seed_repeats_the_lessons(digits: Split) -> None:
    """An interrupted run goes on with the same ones."""
    teacher = create_model("mlp")
    one, two = (prepare_lessons(digits.images[:8], [teacher], variants=2, seed=1) for _ in range(2))
    assert torch.equal(one.images, two.images)
    assert torch.equal(one.logits, two.logits)


def test_the_loss_is_least_where_student_and_teacher_agree() -> None:
    """Nothing for equal logits or such as differ by a constant; it grows with the difference."""
    taught = torch.randn(20, 10)
    assert distillation_loss(taught, taught, 3.0).abs() < 1e-5
    assert distillation_loss(taught + 4, taught, 3.0).abs() < 1e-5
    near, far = (distillation_loss(taught + step * torch.eye(10)[:1], taught, 3.0) for step in (0.5, 2.0))
    assert 0 < near < far


def test_a_student_comes_to_say_what_its_teacher_says(digits: Split) -> None:
    """Trained with wrong labels and little weight on them, it follows the teacher."""
    torch.manual_seed(1)  # not the student's own beginning
    teacher = create_model("mlp")
    wrong = Split(digits.images[:64], (digits.labels[:64] + 1) % 10)
    lessons = prepare_lessons(digits.images[:64], [teacher], variants=1, seed=0)
    config = TrainConfig(arch="mlp", epochs=60, batch_size=64, max_lr=0.05, distillation=50.0)
    trainer = Trainer(config, wrong, lessons)

    def divergence() -> float:
        with torch.inference_mode():
            student = trainer.model.eval()(lessons.images[0])
        teacher_says = lessons.logits[0].float().log_softmax(1)
        return float(F.kl_div(student.log_softmax(1), teacher_says, reduction="batchmean", log_target=True))

    before = divergence()
    for _ in range(config.epochs):
        trainer.train_one_epoch()
    assert divergence() < before / 10
