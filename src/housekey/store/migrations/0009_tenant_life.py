from django.db import migrations, models

from housekey.store.widening import widen_administrators


class Migration(migrations.Migration):

    dependencies = [
        ('store', '0009_directories'),
    ]

    operations = [
        migrations.AddField(
            model_name='tenant',
            name='deleting',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='tenant',
            name='deleted_by',
            field=models.CharField(blank=True, default='', max_length=300),
        ),
        migrations.RunPython(widen_administrators, migrations.RunPython.noop),
    ]
