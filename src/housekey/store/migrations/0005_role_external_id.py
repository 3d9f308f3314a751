from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('store', '0004_searching'),
    ]

    operations = [
        migrations.AddField(
            model_name='role',
            name='external_id',
            field=models.CharField(blank=True, default='', max_length=255),
        ),
    ]
